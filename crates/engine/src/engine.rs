use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cache::{Extent, Key, Tier, Tiers};
use extract::siftd::{self, HEADER_LENGTH, Header};
use extract::{ENGINE_VERSION, ExtractError, Params, Probe, Stage, StageTimes, probe};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use sha256::Digest;
use tokio::task;
use tokio::time::{self, MissedTickBehavior};

use crate::collector::{CacheCollector, ComputeCollector};
use crate::compute::{Compute, Counts, Done, Job, Threads};
use crate::digest::Digester;
use crate::flight::{Computed, Flight, Flights, Role, Ticket};
use crate::metrics::Metrics;
use crate::turns::Turns;
use crate::{Config, ConfigError, Error, Image};

/// A header is read in well under a microsecond; that of a hostile file can take a microsecond a kilobyte.
const LONGEST_PROBED_INLINE: usize = 256 << 10;

/// How often expired entries give their memory back.
const PURGE_INTERVAL: Duration = Duration::from_secs(60);

/// How much of the features the caller wants: a cache reads no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The header of the stored form.
    Summary,
    /// The stored form.
    Whole,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A tier of the cache had it.
    Hit {
        /// The tier.
        tier: Tier,
        /// When the tier will forget it.
        expires_at: Instant,
    },
    /// It was computed.
    Miss {
        /// Whether a tier of the cache took it.
        kept: bool,
    },
    /// It was being computed for another request already.
    Coalesced,
}

/// The features of an image.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The stored form ([`extract::siftd`]): whole if that was wanted, and else its header at least.
    pub stored: Bytes,
    /// Its header.
    pub header: Header,
    /// Where it came from.
    pub source: Source,
    /// The stages that took place for this request, of those that the engine sees to.
    pub stages: StageTimes,
}

/// What waits and what is being computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Images that wait for a thread.
    pub queued: usize,
    /// Threads that have an image.
    pub busy_threads: usize,
    /// All compute threads.
    pub threads: usize,
    /// Threads that have had their image for longer than any image can take, which is a fault of siftd's.
    pub stuck_threads: usize,
    /// Pixels that wait or are being computed.
    pub pixels: u64,
}

/// Features by the SHA-256 of images: looked up, or computed once for all who ask at the same time.
#[derive(Debug)]
pub struct Engine {
    compute: Arc<Compute>,
    tiers: Arc<Tiers>,
    flights: Arc<Flights>,
    digester: Digester,
    purging: task::AbortHandle,
    _threads: Threads,
}

impl Engine {
    /// Starts the compute threads, and registers what is measured. Needs to run on a tokio runtime with timers enabled.
    ///
    /// # Errors
    /// [`ConfigError`], for bounds that contradict each other or a thread that cannot be started.
    pub fn start(config: Config, tiers: Tiers, registry: &mut Registry) -> Result<Self, ConfigError> {
        config.validate()?;
        let tiers = Arc::new(tiers);
        let flights = Arc::new(Flights::default());
        let metrics = Metrics::register(registry);
        let compute = Arc::new(Compute::new(config, Arc::clone(&tiers), Arc::clone(&flights), metrics));
        registry.register_collector(Box::new(ComputeCollector(Arc::clone(&compute))));
        registry.register_collector(Box::new(CacheCollector(Arc::clone(&tiers))));
        let _threads = Threads::start(Arc::clone(&compute))?;
        let purging = task::spawn(purge(Arc::downgrade(&tiers))).abort_handle();
        Ok(Self { compute, tiers, flights, digester: Digester::default(), purging, _threads })
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.compute.config
    }

    /// Hashes an image, together with those of other requests at the same time where that is faster.
    pub async fn image(&self, bytes: Bytes) -> Image {
        let started = Instant::now();
        let sha256 = self.digester.digest(&bytes).await;
        let hashing = started.elapsed();
        self.compute.metrics.stage(Stage::Hash, hashing);
        self.compute.metrics.asked(bytes.len());
        Image::new(bytes, sha256, hashing)
    }

    /// The features of an image that is known by its SHA-256 alone, if a tier has them.
    pub async fn lookup(&self, sha256: Digest, params: &Params, wanted: Wanted) -> Option<Answer> {
        self.cached(&key(sha256, params), wanted).await
    }

    /// The features of an image.
    ///
    /// Whoever stops waiting takes his wish back: what nobody waits for any more is not computed to its end.
    ///
    /// # Errors
    /// [`Error`], whatever the bytes are.
    pub async fn features(&self, image: &Image, params: &Params, wanted: Wanted) -> Result<Answer, Error> {
        self.features_in_turn(image, params, wanted, &Turns::default()).await
    }

    /// As [`features`](Self::features), for one of many images of a caller: where they leave it no room it waits for them.
    ///
    /// # Errors
    /// [`Error`], whatever the bytes are.
    pub async fn features_in_turn(
        &self,
        image: &Image,
        params: &Params,
        wanted: Wanted,
        turns: &Turns,
    ) -> Result<Answer, Error> {
        let key = key(image.sha256(), params);
        let started = Instant::now();
        if let Some(mut answer) = self.cached(&key, wanted).await {
            answer.stages.add(Stage::Hash, image.hashing());
            return Ok(answer);
        }
        let looking_up = started.elapsed();
        let pixels = params.budgeted_pixels(&self.probe(image).await?, &self.compute.config.limits)?;
        let answer = turns.take(|| self.computed(key, image, params, pixels)).await;
        if let Err(error) = &answer
            && let Some(reason) = error.refusal()
        {
            self.rejections(reason.name()).inc();
        }
        let mut answer = answer?;
        answer.stages.add(Stage::Hash, image.hashing());
        answer.stages.add(Stage::CacheGet, looking_up);
        Ok(answer)
    }

    /// Adds to the histogram of a stage that the caller sees to.
    pub fn observe_stage(&self, stage: Stage, took: Duration) {
        self.compute.metrics.stage(stage, took);
    }

    /// The counter of requests that the caller refuses for a reason of its own.
    pub fn rejections(&self, reason: &'static str) -> Counter {
        self.compute.metrics.rejections(reason)
    }

    /// What waits and what is being computed.
    pub fn load(&self) -> Load {
        let Counts { queued, running, pixels } = self.compute.counts();
        let (threads, stuck_threads) = (self.compute.threads(), self.compute.stuck());
        Load { queued, busy_threads: running, threads, stuck_threads, pixels }
    }

    /// What the compute threads did since the start.
    pub fn done(&self) -> Done {
        self.compute.done()
    }

    /// The tiers of the cache.
    pub fn tiers(&self) -> &Tiers {
        &self.tiers
    }

    /// Refuses new computations, waits for those that are under way, and then for the cache to have stored them. Hits are
    /// answered all the while. How long it may take is the caller's to limit.
    pub async fn drain(&self) {
        self.compute.drain().await;
        self.tiers.close().await;
    }

    async fn cached(&self, key: &Key, wanted: Wanted) -> Option<Answer> {
        let started = Instant::now();
        let found = self.found(key, wanted).await;
        let took = started.elapsed();
        self.compute.metrics.stage(Stage::CacheGet, took);
        let mut answer = found?;
        answer.stages.add(Stage::CacheGet, took);
        Some(answer)
    }

    async fn found(&self, key: &Key, wanted: Wanted) -> Option<Answer> {
        let extent = match wanted {
            Wanted::Summary => Extent::Prefix(HEADER_LENGTH),
            Wanted::Whole => Extent::Whole,
        };
        let (cached, tier) = match self.tiers.get_memory(key, extent) {
            Some(cached) => (cached, Tier::Memory),
            None => {
                // What comes from a store is checked once, whole; in memory it is what it was.
                let is_intact = |value: &[u8]| intact(value, key, wanted == Wanted::Whole).is_some();
                let lookup = self.tiers.get(key, extent, is_intact).await?;
                (lookup.cached, lookup.tier)
            }
        };
        let header = intact(&cached.value, key, false)?;
        let source = Source::Hit { tier, expires_at: cached.expires_at };
        Some(Answer { stored: cached.value, header, source, stages: StageTimes::default() })
    }

    /// Reads the image's header, so that what cannot be computed does not wait for a thread to say so.
    async fn probe(&self, image: &Image) -> Result<Probe, ExtractError> {
        let limits = self.compute.config.limits;
        if image.bytes().len() <= LONGEST_PROBED_INLINE {
            return probe(image.bytes(), &limits);
        }
        let bytes = image.bytes().clone();
        match task::spawn_blocking(move || probe(&bytes, &limits)).await {
            Ok(probed) => probed,
            // The runtime is shutting down.
            Err(_) => Err(ExtractError::Cancelled),
        }
    }

    async fn computed(&self, key: Key, image: &Image, params: &Params, pixels: u64) -> Result<Answer, Error> {
        // From here to the wait nothing yields: a leader that vanished in between would leave the others waiting.
        let (ticket, role) = self.flights.join(key);
        let mut waiting = Waiting::new(ticket, &self.compute);
        if role == Role::Leader {
            let flight = Arc::clone(&waiting.ticket.flight);
            let job = Job { key, image: image.clone(), params: *params, pixels, flight };
            if let Some(answer) = self.lead(job) {
                return Ok(answer);
            }
        }
        let deadline = self.compute.config.deadline;
        let outcome = time::timeout(deadline, waiting.ticket.outcome()).await;
        let computed = outcome.map_err(|_| Error::DeadlineExceeded { deadline })??;
        let kept = computed.kept;
        let source = if role == Role::Leader { Source::Miss { kept } } else { Source::Coalesced };
        let header = Header::read(&computed.stored).map_err(|_| Error::Fault)?;
        Ok(Answer { stored: computed.stored, header, source, stages: computed.stages })
    }

    /// Sees to the computation for all who join the flight, or finds that it is done already.
    fn lead(&self, job: Job) -> Option<Answer> {
        let (key, flight) = (job.key, Arc::clone(&job.flight));
        let landed = self.landed_meanwhile(&key);
        if let Some(Answer { stored, stages, .. }) = &landed {
            // Others may have joined since, and wait.
            let computed = Computed { stored: stored.clone(), kept: true, stages: *stages };
            self.flights.land(&key, &flight, Ok(computed));
        } else if let Err(error) = self.compute.submit(job) {
            self.flights.land(&key, &flight, Err(error));
        }
        landed
    }

    /// The answer of a flight that landed between the lookup and the attempt to join it.
    fn landed_meanwhile(&self, key: &Key) -> Option<Answer> {
        let cached = self.tiers.get_memory(key, Extent::Whole)?;
        let header = intact(&cached.value, key, false)?;
        let source = Source::Hit { tier: Tier::Memory, expires_at: cached.expires_at };
        Some(Answer { stored: cached.value, header, source, stages: StageTimes::default() })
    }
}

/// A place in a flight. Where it was the last, what is not begun leaves the queue with it.
struct Waiting<'a> {
    /// Given up first: only then is it known whether it was the last.
    ticket: Ticket,
    _leaving: Leaving<'a>,
}

struct Leaving<'a> {
    flight: Arc<Flight>,
    compute: &'a Compute,
}

impl<'a> Waiting<'a> {
    fn new(ticket: Ticket, compute: &'a Compute) -> Self {
        let _leaving = Leaving { flight: Arc::clone(&ticket.flight), compute };
        Self { ticket, _leaving }
    }
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if self.flight.is_cancelled() {
            self.compute.forget_cancelled();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.purging.abort();
    }
}

fn key(digest: Digest, params: &Params) -> Key {
    Key { engine_version: ENGINE_VERSION, fingerprint: params.fingerprint(), digest }
}

/// The header of a stored value, if it is the one that was stored under the key, unharmed; `whole` checks all of the value.
fn intact(stored: &[u8], key: &Key, whole: bool) -> Option<Header> {
    let header = if whole { siftd::verify(stored) } else { Header::read(stored) };
    header
        .ok()
        .filter(|header| header.image_sha256 == key.digest && header.engine_version == key.engine_version)
}

async fn purge(tiers: Weak<Tiers>) {
    let mut interval = time::interval(PURGE_INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let Some(tiers) = tiers.upgrade() else { return };
        tiers.purge_expired();
    }
}

#[cfg(test)]
mod tests;
