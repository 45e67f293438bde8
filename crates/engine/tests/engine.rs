//! The engine as its callers see it, on photographs and real threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cache::{DiskConfig, DiskStore, MemoryConfig, Tiers};
use engine::{Answer, Config, ConfigError, Engine, Error, Refusal, Source, Tier, Wanted};
use extract::siftd::Header;
use extract::{Control, ExtractError, Extractor, FeatureSet, Limits, Params, ParamsBuilder, Stage};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::task::{self, JoinHandle};

const ROCKET: &[u8] = include_bytes!("../../../testdata/pictures/rocket.jpg");

struct Running {
    engine: Arc<Engine>,
    registry: Registry,
}

impl Running {
    fn start(config: Config, tiers: Tiers) -> Self {
        let mut registry = Registry::with_prefix("siftd");
        let engine = Arc::new(Engine::start(config, tiers, &mut registry).unwrap());
        Self { engine, registry }
    }

    fn with_memory(config: Config) -> Self {
        Self::start(config, Tiers::memory(MemoryConfig::default()))
    }

    /// The value of a metric with its labels, as it is scraped.
    fn metric(&self, name: &str) -> f64 {
        let mut scraped = String::new();
        text::encode(&mut scraped, &self.registry).unwrap();
        let line = scraped.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {scraped}")).parse().unwrap()
    }

    async fn ask(&self, bytes: &[u8], params: &Params) -> Result<Answer, Error> {
        let image = self.engine.image(Bytes::copy_from_slice(bytes)).await;
        self.engine.features(&image, params, Wanted::Whole).await
    }

    /// Asks for an image that takes minutes, and waits until `busy` threads and `queued` places are taken.
    async fn occupy(&self, seed: u8, busy: usize, queued: usize) -> JoinHandle<Result<Answer, Error>> {
        let engine = Arc::clone(&self.engine);
        let asked = task::spawn(async move {
            let image = engine.image(noise(3000, seed)).await;
            engine.features(&image, &slow(), Wanted::Summary).await
        });
        self.until(|load| load.busy_threads == busy && load.queued == queued).await;
        asked
    }

    async fn until(&self, condition: impl Fn(engine::Load) -> bool) {
        while !condition(self.engine.load()) {
            task::yield_now().await;
        }
    }
}

/// One thread, and time enough for the images that occupy it.
fn one_thread() -> Config {
    Config { threads: NonZeroUsize::MIN, deadline: Duration::from_secs(600), ..Config::default() }
}

fn slow() -> Params {
    let mut params = ParamsBuilder::default();
    params.set("search_window", "99").unwrap();
    params.build().unwrap()
}

/// A grey picture of noise, `side` px square.
fn noise(side: usize, seed: u8) -> Bytes {
    let mut picture = format!("P5 {side} {side} 255 ").into_bytes();
    let mut state = u32::from(seed) + 1;
    picture.extend((0..side * side).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    picture.into()
}

fn expected(bytes: &[u8]) -> FeatureSet {
    let control = Control::default();
    Extractor::new().extract(bytes, &Params::default(), &Limits::default(), &control).unwrap().features
}

#[tokio::test]
async fn a_miss_is_computed_and_then_a_hit() {
    let running = Running::with_memory(one_thread());
    let miss = running.ask(ROCKET, &Params::default()).await.unwrap();
    assert_eq!(miss.source, Source::Miss { kept: true });
    assert_eq!(FeatureSet::from_siftd(&miss.stored).unwrap(), expected(ROCKET));
    for stage in [Stage::Hash, Stage::CacheGet, Stage::Queue, Stage::Decode, Stage::Denoise, Stage::Describe]
    {
        assert!(miss.stages.get(stage).is_some(), "{stage}");
    }
    let lookups = r#"siftd_stage_duration_seconds_count{stage="cache_get"}"#;
    assert_eq!(running.metric(lookups), 1.0, "a lookup without success takes its time, too");

    let hit = running.ask(ROCKET, &Params::default()).await.unwrap();
    assert!(matches!(hit.source, Source::Hit { tier: Tier::Memory, .. }));
    assert_eq!(hit.stored, miss.stored);
    assert_eq!(hit.stages.iter().map(|(stage, _)| stage).collect::<Vec<_>>(), [Stage::Hash, Stage::CacheGet]);

    let image = running.engine.image(Bytes::from_static(ROCKET)).await;
    let summary = running.engine.features(&image, &Params::default(), Wanted::Summary).await.unwrap();
    assert_eq!(summary.stored.len(), 128, "a summary reads no more than the header");
    assert_eq!(summary.header, hit.header);

    let other = running.engine.lookup(image.sha256(), &slow(), Wanted::Summary).await;
    assert!(other.is_none(), "other parameters are another key");
    assert_eq!(running.metric("siftd_image_pixels_count"), 1.0);
    assert_eq!(running.metric("siftd_image_bytes_count"), 3.0);
    assert_eq!(running.metric(r#"siftd_cache_requests_total{tier="memory",result="hit"}"#), 2.0);
    assert_eq!(running.metric(r#"siftd_stage_duration_seconds_count{stage="denoise"}"#), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identical_images_at_the_same_time_are_computed_once() {
    let running = Running::with_memory(one_thread());
    let blocker = running.occupy(0, 1, 0).await;
    let asked: Vec<_> = (0..32)
        .map(|_| {
            let engine = Arc::clone(&running.engine);
            task::spawn(async move {
                let image = engine.image(Bytes::from_static(ROCKET)).await;
                engine.features(&image, &Params::default(), Wanted::Whole).await
            })
        })
        .collect();
    running.until(|load| load.queued == 1).await;
    blocker.abort();
    let mut sources = Vec::new();
    for answer in asked {
        let answer = answer.await.unwrap().unwrap();
        assert_eq!(FeatureSet::from_siftd(&answer.stored).unwrap().image_sha256, sha256::digest(ROCKET));
        sources.push(answer.source);
    }
    assert_eq!(sources.iter().filter(|source| matches!(source, Source::Miss { .. })).count(), 1);
    assert_eq!(running.metric("siftd_image_pixels_count"), 1.0);
}

#[tokio::test]
async fn what_is_too_much_is_refused_at_once_and_hits_go_on() {
    let running = Running::with_memory(Config { queue_capacity: 1, ..one_thread() });
    running.ask(ROCKET, &Params::default()).await.unwrap();
    let computing = running.occupy(1, 1, 0).await;
    let waiting = running.occupy(2, 1, 1).await;
    let refused = running.ask(&noise(100, 3), &Params::default()).await.unwrap_err();
    let Error::Overloaded { reason: Refusal::QueueFull, retry_after } = refused else { panic!("{refused}") };
    assert!(retry_after >= Duration::from_secs(1));
    assert_eq!(running.metric(r#"siftd_rejected_total{reason="queue_full"}"#), 1.0);
    assert_eq!(running.metric("siftd_inflight_pixels"), 18e6);

    let hit = running.ask(ROCKET, &Params::default()).await.unwrap();
    assert!(matches!(hit.source, Source::Hit { .. }));

    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    let replaced = running.occupy(4, 1, 1).await;
    computing.abort();
    replaced.abort();
    running.until(|load| load.busy_threads + load.queued == 0 && load.pixels == 0).await;
}

#[tokio::test]
async fn what_could_not_be_done_in_time_is_not_let_in_and_what_is_late_stops() {
    let deadline = Duration::from_millis(300);
    let running = Running::with_memory(Config { deadline, ..one_thread() });
    // Made before the clock runs.
    let image = noise(1000, 6);
    let late = running.occupy(5, 1, 0).await;
    let refused = running.ask(&image, &Params::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded { reason: Refusal::Deadline, .. }), "{refused}");
    assert_eq!(late.await.unwrap().unwrap_err(), Error::DeadlineExceeded { deadline });
    running.until(|load| load.busy_threads == 0).await;
    running.ask(&noise(20, 6), &Params::default()).await.unwrap();
}

#[tokio::test]
async fn what_could_never_be_done_in_time_is_refused_once_something_was_measured() {
    let deadline = Duration::from_secs(1);
    let running = Running::with_memory(Config { deadline, threads: NonZeroUsize::MIN, ..Config::default() });
    let mut endless = ParamsBuilder::default();
    endless.set("search_window", "2901").unwrap();
    let endless = endless.build().unwrap();
    let late = running.ask(ROCKET, &endless).await.unwrap_err();
    assert_eq!(late, Error::DeadlineExceeded { deadline }, "nothing was measured yet");
    running.until(|load| load.busy_threads == 0).await;
    running.ask(&noise(200, 8), &Params::default()).await.unwrap();
    assert_eq!(running.ask(ROCKET, &endless).await.unwrap_err(), Error::TooLong { deadline });
    assert_eq!(running.metric(r#"siftd_rejected_total{reason="too_long"}"#), 1.0);
    running.ask(&noise(200, 9), &Params::default()).await.unwrap();
}

#[tokio::test]
async fn bad_input_is_told_before_the_queue() {
    let running = Running::with_memory(Config { queue_capacity: 0, ..one_thread() });
    let computing = running.occupy(7, 1, 0).await;
    let none = running.ask(b"no image", &Params::default()).await.unwrap_err();
    assert_eq!(none, Error::Extract(ExtractError::UnknownFormat));
    let large = running.ask(b"P5 100000 100000 255 ", &Params::default()).await.unwrap_err();
    assert!(matches!(large, Error::Extract(ExtractError::TooManyPixels { .. })), "{large}");
    computing.abort();
    running.until(|load| load.busy_threads == 0).await;

    let truncated = running.ask(&ROCKET[..5000], &Params::default()).await;
    let expected = Extractor::new()
        .extract(&ROCKET[..5000], &Params::default(), &Limits::default(), &Control::default())
        .map(|found| found.features.to_siftd().unwrap());
    assert_eq!(truncated.map(|answer| answer.stored.to_vec()), expected.map_err(Error::Extract));
}

#[tokio::test]
async fn a_corrupt_value_of_the_store_is_computed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let disk = DiskStore::open(DiskConfig::new(folder.path())).unwrap();
        Tiers::memory_and(MemoryConfig::default(), Arc::new(disk), &tokio::runtime::Handle::current())
    };
    let params = Params::default();
    let digest = sha256::digest(ROCKET);
    let key =
        cache::Key { engine_version: extract::ENGINE_VERSION, fingerprint: params.fingerprint(), digest };
    let stored = expected(ROCKET).to_siftd().unwrap();
    let mut torn = stored.clone();
    *torn.last_mut().unwrap() ^= 1;
    for corrupt in [b"not what siftd stores, but the store cannot tell".to_vec(), torn] {
        let tiers = open();
        tiers.insert(key, corrupt.into());
        tiers.close().await;
        drop(tiers);

        let running = Running::start(one_thread(), open());
        let answer = running.ask(ROCKET, &params).await.unwrap();
        assert_eq!(answer.source, Source::Miss { kept: true });
        assert_eq!(answer.stored, stored);
        assert_eq!(running.metric(r#"siftd_cache_errors_total{tier="disk",kind="corrupt"}"#), 1.0);
        running.engine.drain().await;
    }

    let running = Running::start(one_thread(), open());
    let summary = running.engine.lookup(digest, &params, Wanted::Summary).await.unwrap();
    assert!(matches!(summary.source, Source::Hit { tier: Tier::Store("disk"), .. }));
    assert_eq!(summary.header, Header::read(&stored).unwrap());
    let whole = running.engine.lookup(digest, &params, Wanted::Whole).await.unwrap();
    assert_eq!(whole.stored, stored);
}

#[tokio::test]
async fn draining_finishes_what_is_there_and_refuses_what_comes() {
    let running = Running::with_memory(one_thread());
    let blocker = running.occupy(8, 1, 0).await;
    let engine = Arc::clone(&running.engine);
    let waiting = task::spawn(async move {
        let image = engine.image(Bytes::from_static(ROCKET)).await;
        engine.features(&image, &Params::default(), Wanted::Summary).await
    });
    running.until(|load| load.queued == 1).await;
    let engine = Arc::clone(&running.engine);
    let drained = task::spawn(async move { engine.drain().await });
    task::yield_now().await;
    assert_eq!(running.ask(&noise(50, 9), &Params::default()).await.unwrap_err(), Error::Closing);
    assert!(!drained.is_finished());
    blocker.abort();
    assert!(waiting.await.unwrap().is_ok());
    drained.await.unwrap();
    assert!(matches!(running.ask(ROCKET, &Params::default()).await.unwrap().source, Source::Hit { .. }));
}

#[test]
fn contradicting_bounds_are_refused() {
    let config = Config { pixel_budget: 1, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let error = Engine::start(config, Tiers::none(), &mut Registry::default()).unwrap_err();
    assert_eq!(error, ConfigError::PixelBudget { budget: 1, max_pixels: 50_000_000 });
}
