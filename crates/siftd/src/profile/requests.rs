//! What requests cost beside computing, HTTP included: measured at a service in a process of its own.

use std::path::Path;
use std::time::Duration;

use capacity::profile::{Distribution, Quantile, RequestProfile, RequestProfiles};
use loadgen::{Config, Corpus, Mix, OnRefusal, Report, Target, Traffic, Via};
use tokio_util::sync::CancellationToken;

use super::ProfileError;
use super::instance::Instance;
use super::photographs::{Class, Photograph};
use super::undisturbed::Undisturbed;

/// Connections at a time.
const CONCURRENCY: u32 = 16;
/// Sizes of uploads that are measured: the smallest, those between, the largest.
const SIZES: usize = 3;

/// What requests cost, and when that was measured.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) profiles: RequestProfiles,
    pub(super) made: String,
}

/// Hits by upload of some sizes, and by GET.
pub(super) fn measure(
    classes: &[Class],
    window: Duration,
    undisturbed: &mut Undisturbed,
) -> Result<Requests, ProfileError> {
    let instance = Instance::start(&[])?;
    let photographs = sizes(classes);
    let mut upload_hits = Vec::new();
    for photograph in &photographs {
        upload_hits.push(undisturbed.measure(|| hits(&instance, photograph, Via::Multipart, window))?);
    }
    let get_hits = match photographs.first() {
        Some(photograph) => {
            let hits = undisturbed.measure(|| hits(&instance, photograph, Via::Get, window))?;
            vec![RequestProfile { bytes: 0.0, ..hits }]
        }
        None => Vec::new(),
    };
    let profiles = RequestProfiles {
        upload_hits,
        get_hits,
        refusals: Vec::new(),
        hits_beside: Vec::new(),
        shared_lookups: Default::default(),
    };
    Ok(Requests { profiles, made: instance.since.clone() })
}

/// Some pictures of different sizes in bytes, ascending.
fn sizes(classes: &[Class]) -> Vec<&Photograph> {
    let mut photographs: Vec<_> = classes.iter().flat_map(|class| &class.photographs).collect();
    photographs.sort_by_key(|photograph| photograph.bytes.len());
    photographs.dedup_by_key(|photograph| photograph.bytes.len());
    let last = photographs.len().saturating_sub(1);
    let mut places: Vec<usize> = (0..SIZES).map(|step| step * last / (SIZES - 1)).collect();
    places.dedup();
    places.into_iter().filter_map(|place| photographs.get(place).copied()).collect()
}

fn hits(
    instance: &Instance,
    photograph: &Photograph,
    via: Via,
    window: Duration,
) -> Result<RequestProfile, ProfileError> {
    // It is computed, and then all is warm.
    load(instance, &photograph.path, via, 1, window / 10)?;
    let alone = load(instance, &photograph.path, via, 1, window)?;
    let before = instance.cpu()?;
    let busy = load(instance, &photograph.path, via, CONCURRENCY, window)?;
    let cpu = instance.cpu()? - before;
    // Before each load the picture is uploaded once more.
    let requests = busy.counts.sent + 1;
    let alone = alone.latency.hit.as_ref().map(distribution).ok_or(ProfileError::NoPictures)?;
    Ok(RequestProfile {
        bytes: photograph.bytes.len() as f64,
        concurrency: CONCURRENCY,
        cpu_seconds: cpu / requests as f64,
        client_cpu_seconds: busy.generator.cpu_seconds / requests as f64,
        alone,
    })
}

/// Hits by so many clients. Any other answer than a hit is an error.
pub(super) fn load(
    instance: &Instance,
    picture: &Path,
    via: Via,
    clients: u32,
    duration: Duration,
) -> Result<Report, ProfileError> {
    let config = Config {
        traffic: Traffic::Closed { clients: clients as usize, on_refusal: OnRefusal::Wait },
        mix: Mix::HitRatio(1.0),
        via,
        warm_up: Duration::ZERO,
        duration: duration.max(Duration::from_millis(10)),
        ..Config::default()
    };
    let target = Target::new(&instance.url(), None)?;
    let corpus = Corpus::read(picture)?;
    let report = loadgen::run(&target, &config, &corpus, &CancellationToken::new(), &mut |_| {})?;
    let counts = report.counts;
    if counts.answered < counts.sent || counts.sent == 0 {
        return Err(ProfileError::Unanswered { failed: counts.sent - counts.answered, sent: counts.sent });
    }
    Ok(report)
}

/// Of latencies in ms, the distribution in seconds.
pub(super) fn distribution(of: &loadgen::report::Distribution) -> Distribution {
    let within = |ms: f64| ms.clamp(of.min_ms, of.max_ms) / 1e3;
    let between = of.curve.iter().filter(|point| point.share > 0.0 && point.share < 1.0);
    let mut quantiles = vec![Quantile { share: 0.0, seconds: within(of.min_ms) }];
    quantiles.extend(between.map(|point| Quantile { share: point.share, seconds: within(point.ms) }));
    quantiles.push(Quantile { share: 1.0, seconds: within(of.max_ms) });
    Distribution { n: of.count, mean: of.mean_ms / 1e3, variance: (of.stdev_ms / 1e3).powi(2), quantiles }
}
