//! How long hits take while threads compute: at services in processes of their own, on all processors together with the clients,
//! and on half of them with the clients on the others.

use std::path::Path;
use std::thread;
use std::time::Duration;

use capacity::profile::HitsBeside;
use loadgen::{Arrivals, Config, Corpus, LoadError, Mix, OnRefusal, Report, Target, Traffic};
use tokio_util::sync::CancellationToken;

use super::ProfileError;
use super::instance::Instance;
use super::placement::Placement;
use super::requests::distribution;
use super::undisturbed::Undisturbed;

/// Hits a second, and for how many windows they come: the slowest of them are to be seen. What comes seldom costs more.
const RATES: [(f64, u32); 3] = [(20.0, 3), (100.0, 2), (400.0, 1)];
/// Before hits count.
const WARM_UP: Duration = Duration::from_millis(500);
/// Longer than any measurement.
const FOR_LONG: Duration = Duration::from_secs(24 * 3600);

/// Beside no thread that computes, one, as many as processors, and, where pictures can have several threads, one more.
pub(super) fn measure(
    images: &Path,
    window: Duration,
    undisturbed: &mut Undisturbed,
) -> Result<Vec<HitsBeside>, ProfileError> {
    let corpus = Corpus::read(images)?;
    let mut measured = Vec::new();
    for placement in Placement::all()? {
        let processors = placement.processors();
        let mut counts = vec![0, 1, processors];
        counts.extend((processors > 1).then_some(processors + 1));
        counts.dedup();
        for computing in counts {
            // A service with so many threads that has always one picture more to compute: each has one thread.
            let threads = computing.max(1).to_string();
            let instance = placement.serving(|| Instance::start(&["--threads", &threads]))??;
            let service = Service { placement: &placement, instance, corpus: &corpus, computing };
            for (rate, windows) in RATES {
                measured.push(undisturbed.measure(|| service.at_rate(rate, window * windows))?);
            }
        }
    }
    Ok(measured)
}

/// A service whose compute threads are kept busy.
struct Service<'a> {
    placement: &'a Placement,
    instance: Instance,
    corpus: &'a Corpus,
    computing: u32,
}

impl Service<'_> {
    fn at_rate(&self, rate: f64, duration: Duration) -> Result<HitsBeside, ProfileError> {
        let before = self.instance.answering_cpu()?;
        let (hits, misses) = self.placement.asking(|| self.hits_and_misses(rate, duration))?;
        let cpu = self.instance.answering_cpu()? - before;
        let report = hits?;
        let counts = report.counts;
        if counts.answered < counts.sent || counts.sent == 0 {
            return Err(ProfileError::Unanswered {
                failed: counts.sent - counts.answered,
                sent: counts.sent,
            });
        }
        let unmeasured = rate * WARM_UP.as_secs_f64() + self.corpus.count() as f64;
        Ok(HitsBeside {
            processors: self.placement.processors(),
            clients: self.placement.clients(),
            computing: self.computing,
            rate,
            cpu_seconds: cpu / (counts.sent as f64 + unmeasured + misses as f64),
            client_cpu_seconds: report.generator.cpu_seconds / counts.sent as f64,
            latency: report.latency.hit.as_ref().map(distribution).ok_or(ProfileError::NoPictures)?,
        })
    }

    /// What became of the hits, and how many misses there were meanwhile.
    fn hits_and_misses(&self, rate: f64, duration: Duration) -> (Result<Report, LoadError>, u64) {
        let config = Config {
            traffic: Traffic::Open { rate, arrivals: Arrivals::Poisson },
            mix: Mix::HitRatio(1.0),
            warm_up: WARM_UP,
            duration,
            ..Config::default()
        };
        let done = CancellationToken::new();
        thread::scope(|scope| {
            let busy = (self.computing > 0).then(|| scope.spawn(|| self.load(&self.misses(), &done)));
            let hits = self.load(&config, &CancellationToken::new());
            done.cancel();
            let misses = busy.and_then(|busy| busy.join().ok()).and_then(Result::ok);
            (hits, misses.map_or(0, |report| report.counts.sent))
        })
    }

    /// By one client more than there are compute threads.
    fn misses(&self) -> Config {
        Config {
            traffic: Traffic::Closed { clients: self.computing as usize + 1, on_refusal: OnRefusal::Wait },
            mix: Mix::HitRatio(0.0),
            warm_up: Duration::ZERO,
            duration: FOR_LONG,
            ..Config::default()
        }
    }

    fn load(&self, config: &Config, stop: &CancellationToken) -> Result<Report, LoadError> {
        let target = Target::new(&self.instance.url(), None)?;
        loadgen::run(&target, config, self.corpus, stop, &mut |_| {})
    }
}
