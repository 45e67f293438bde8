//! One instance of the service: a profile, how it is set, and what is asked of it.

mod beside;
mod mix;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::Error;
use crate::admission::Policy;
use crate::profile::{Clients, Distribution, PictureProfile, Profile, RequestProfile, Run};
use crate::simulation::{
    Arrivals, Bound, Known, Outcome, PictureClass, Processors, Scenario, Span, greatest_rate,
};
use crate::throughput::Demand;
use crate::workload::{Objective, Workload};
use beside::{Beside, alone};
use mix::Mix;

/// How an instance is set: what of `siftd serve`'s settings counts here, with its defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Processors. Default: as many as the profile was measured with.
    pub cores: u32,
    /// `niceness`. Default: the profile's.
    pub niceness: u8,
    /// `queue_capacity`. Default 64.
    pub queue_capacity: usize,
    /// `pixel_budget`. Default 100,000,000.
    pub pixel_budget: u64,
    /// `deadline`. Default 30 s.
    pub deadline: Duration,
    /// `cache_memory`, bytes. Default 256 MiB.
    pub memory_tier_bytes: f64,
    /// `cache_ttl`, s. Default 3600.
    pub ttl: f64,
    /// `body_budget`, bytes. Default 256 MiB.
    pub body_budget: f64,
    /// `max_connections`. Default 1024.
    pub max_connections: f64,
    /// Memory of the machine or of its cgroup, bytes. Default: the profile's.
    pub memory_bytes: f64,
    /// What its network carries in each direction, bytes a second. Default 125,000,000: 1 Gbit/s.
    pub network_bytes_per_second: f64,
    /// How fast a processor is beside one of the profile's. Default 1.
    pub speed: f64,
    /// Where clients run. Default: apart.
    pub clients: Clients,
}

impl Setup {
    /// The defaults for a machine as the profile's.
    pub fn of(profile: &Profile) -> Self {
        Self {
            cores: profile.machine.cores,
            niceness: profile.software.niceness,
            queue_capacity: 64,
            pixel_budget: 100_000_000,
            deadline: Duration::from_secs(30),
            memory_tier_bytes: 256.0 * 1024.0 * 1024.0,
            ttl: 3600.0,
            body_budget: 256.0 * 1024.0 * 1024.0,
            max_connections: 1024.0,
            memory_bytes: match profile.machine.memory_bytes {
                0 => f64::INFINITY,
                known => known as f64,
            },
            network_bytes_per_second: 125e6,
            speed: 1.0,
            clients: Clients::Apart,
        }
    }
}

/// Requests that are simulated: enough of them to see a p99, and of misses to see their queue.
const REQUESTS: u64 = 30_000;
const MISSES: f64 = 10_000.0;
const MOST_REQUESTS: u64 = 200_000;

/// Rounds in which the cost of a request and the rate of requests settle.
const ROUNDS: u32 = 8;

/// An instance with pictures of a mix.
#[derive(Debug, Clone)]
pub struct Instance<'a> {
    /// What was measured.
    pub profile: &'a Profile,
    /// How it is set.
    pub setup: Setup,
    /// Pictures, with shares that add up to 1.
    mix: Mix<'a>,
    /// How requests come, and which are simulated; none: at random, as many as quantiles need.
    known: Option<(Arc<[Known]>, Span)>,
    /// Processor time of a request beside what the profile's hits from memory cost, mean, s: of lookups in a shared tier.
    pub lookup_cpu: f64,
    /// Time that a request waits for them, mean, s.
    pub lookup_wait: f64,
}

impl<'a> Instance<'a> {
    /// Of the workload's mix.
    ///
    /// # Errors
    /// [`Error::UnknownPictures`], for a class that the profile does not have; [`Error::FileOfSeveral`], for a file's name that
    /// several have.
    pub fn new(profile: &'a Profile, setup: Setup, workload: &Workload) -> Result<Self, Error> {
        let mix = mix::of(profile, workload)?;
        let known = workload.known.as_deref().map(|load| mix::places(load, &mix)).transpose()?;
        Ok(Self { profile, setup, mix, known, lookup_cpu: 0.0, lookup_wait: 0.0 })
    }

    /// Whether its budgets let each of the pictures in; [`Error::BudgetTooSmall`] if not.
    pub(crate) fn check_room(&self) -> Result<(), Error> {
        let most = |of: fn(&PictureProfile) -> f64| {
            self.mix.iter().map(|(picture, _)| of(picture)).fold(0.0, f64::max)
        };
        let budgets = [
            ("pixel_budget", self.setup.pixel_budget as f64, most(|picture| picture.pixels)),
            ("body_budget", self.setup.body_budget, most(|picture| picture.bytes)),
        ];
        for (setting, value, needed) in budgets {
            if value < needed {
                return Err(Error::BudgetTooSmall { setting, value, needed: needed.ceil() });
            }
        }
        Ok(())
    }

    /// The same pictures on an instance that is set otherwise.
    #[must_use]
    pub fn with_setup(&self, setup: Setup) -> Self {
        Self { setup, ..self.clone() }
    }

    /// With a lookup of this share of requests in a shared tier, if the profile knows what that costs.
    pub fn look_up_in(&mut self, backend: &str, share: f64) {
        if let Some(lookup) = self.profile.requests.shared_lookups.get(backend) {
            self.lookup_cpu = lookup.cpu_seconds * share;
            self.lookup_wait = (lookup.alone.mean - lookup.cpu_seconds).max(0.0) * share;
        }
    }

    /// Mean of something over the pictures.
    pub fn mean(&self, of: impl Fn(&PictureProfile) -> f64) -> f64 {
        self.mix.iter().map(|(picture, share)| of(picture) * share).sum()
    }

    /// Pixels of a picture, mean.
    pub fn pixels(&self) -> f64 {
        self.mean(|picture| picture.pixels)
    }

    /// Bytes of an upload, mean.
    pub fn upload_bytes(&self) -> f64 {
        self.mean(|picture| picture.bytes)
    }

    /// Bytes of an answer's stored form, mean.
    pub fn stored_bytes(&self) -> f64 {
        self.profile.stored.bytes(self.mean(|picture| picture.keypoints))
    }

    /// Wall-clock time of computing a picture on one thread of an idle machine, mean, s.
    pub fn service_seconds(&self) -> f64 {
        let single = |picture: &PictureProfile| picture.single().map_or(0.0, |run| run.service.mean);
        self.mean(single) / self.setup.speed
    }

    /// Processor time of requests and of computing, with all processors busy at this hit ratio: what contention adds counts.
    pub fn demand(&self, hit_ratio: f64) -> Demand {
        let cores = f64::from(self.setup.cores);
        let efficiency = self.profile.contention.across_pictures.law.efficiency(cores);
        let request = |rate: f64| self.request_cpu(rate) / self.setup.speed;
        let mut demand =
            Demand { request: request(f64::INFINITY), compute: self.service_seconds() / efficiency };
        // What requests cost depends on how many there are, and that on what they cost.
        for _ in 0..ROUNDS {
            demand.request = request(demand.bound(hit_ratio, cores));
        }
        demand
    }

    /// Requests a second that the processors can do at this hit ratio.
    pub fn bound(&self, hit_ratio: f64) -> f64 {
        self.demand(hit_ratio).bound(hit_ratio, f64::from(self.setup.cores))
    }

    /// Whom it lets in, and on how many threads.
    pub(crate) fn policy(&self) -> Policy {
        let &Setup { cores, queue_capacity, pixel_budget, deadline, .. } = &self.setup;
        let threads = NonZeroUsize::new(cores as usize).unwrap_or(NonZeroUsize::MIN);
        Policy { threads, queue_capacity, pixel_budget, deadline }
    }

    /// What the service would do at this rate.
    pub fn scenario(&self, rate: f64, hit_ratio: f64) -> Scenario {
        let &Setup { cores, niceness, speed, .. } = &self.setup;
        let policy = self.policy();
        let contention = self.profile.contention.across_pictures.law;
        let processors = Processors { cores: f64::from(cores), niceness, contention };
        let misses = (MISSES / (1.0 - hit_ratio).max(1e-6)) as u64;
        let at_random = || (Arrivals::Poisson, Span::Requests(REQUESTS.max(misses).min(MOST_REQUESTS)));
        let known = |(known, span): &(Arc<[Known]>, Span)| (Arrivals::Known(Arc::clone(known)), *span);
        let (arrivals, span) = self.known.as_ref().map_or_else(at_random, known);
        Scenario {
            rate,
            arrivals,
            hit_ratio,
            request_cpu: self.request_cpu(rate) / speed,
            request_delay: self.request_delay(rate, &processors),
            pictures: self.mix.iter().map(|(picture, share)| self.class(picture, *share)).collect(),
            processors,
            // As `siftd serve` has it.
            runtime_threads: policy.threads.get().max(2),
            policy,
            within_picture: self.profile.contention.within_picture.law,
            span,
            seed: 1,
        }
    }

    /// The greatest rate at which the objective is kept, requests a second; 0 if none.
    pub fn greatest_rate(&self, hit_ratio: f64, objective: &Objective) -> f64 {
        let bound = Bound { p99: objective.p99, refused: objective.refused };
        // A load that does not last may be more than the processors can do in the long run.
        let ceiling = self.bound(hit_ratio) * if self.known.is_some() { 4.0 } else { 1.1 };
        greatest_rate(|rate| self.scenario(rate, hit_ratio), &bound, ceiling)
    }

    /// What becomes of requests of which there are hardly any: no rate has a lower p99.
    pub fn idle(&self, hit_ratio: f64) -> Outcome {
        self.scenario(self.bound(hit_ratio) * 1e-3, hit_ratio).run()
    }

    /// Processor time of a request beside computing at this rate of them, on the profile's machine, s: of the service, and of
    /// clients that share its processors.
    fn request_cpu(&self, rate: f64) -> f64 {
        let hits = &self.profile.requests.upload_hits;
        let clients = self.setup.clients;
        let by_size = |hit: &RequestProfile| clients.cpu(hit.cpu_seconds, hit.client_cpu_seconds);
        let of_mix = self.mean(|picture| interpolated(hits, picture.bytes, by_size));
        let cpu = match Beside::new(&self.profile.requests, &self.setup) {
            // That is of all photographs of the profile alike, and these may be of other sizes.
            Some(beside) => {
                beside.cpu(rate, clients) * of_mix / self.of_all(|bytes| interpolated(hits, bytes, by_size))
            }
            None => of_mix,
        };
        cpu + self.lookup_cpu
    }

    /// Mean of something that depends on bytes over all pictures of the profile.
    fn of_all(&self, of: impl Fn(f64) -> f64) -> f64 {
        let pictures = &self.profile.pictures;
        pictures.iter().map(|picture| of(picture.bytes)).sum::<f64>() / pictures.len() as f64
    }

    /// What requests take longer than shared processors explain, by the threads that compute meanwhile, s.
    fn request_delay(&self, rate: f64, processors: &Processors) -> Vec<Distribution> {
        let requests = &self.profile.requests;
        let mut delays: Vec<_> = match Beside::new(requests, &self.setup) {
            Some(beside) => beside.delays(rate, processors, self.setup.clients),
            None => alone(&requests.upload_hits, self.upload_bytes()).into_iter().collect(),
        };
        for delay in &mut delays {
            delay.mean += self.lookup_wait;
            delay.quantiles.iter_mut().for_each(|quantile| quantile.seconds += self.lookup_wait);
        }
        delays
    }

    fn class(&self, picture: &PictureProfile, weight: f64) -> PictureClass {
        let scaled = |run: &Run| run.service.scaled(1.0 / self.setup.speed);
        let joined = picture.runs.iter().filter(|run| run.threads > 1);
        PictureClass {
            weight,
            pixels: picture.pixels as u64,
            single: picture.single().map_or_else(|| Distribution::constant(0.0), scaled),
            joined: joined.map(|run| (run.threads, scaled(run))).collect(),
        }
    }
}

/// Linear between the requests of the nearest sizes, and in proportion to the last two's slope beyond.
fn interpolated(requests: &[RequestProfile], bytes: f64, of: impl Fn(&RequestProfile) -> f64) -> f64 {
    let above = requests.partition_point(|request| request.bytes < bytes).clamp(1, requests.len().max(1));
    let at = |index: usize| requests.get(index).map(|request| (request.bytes, of(request)));
    match (at(above - 1), at(above).or_else(|| at(above.checked_sub(2)?))) {
        (Some((a, from)), Some((b, to))) if a != b => {
            (from + (to - from) * (bytes - a) / (b - a)).max(from * 0.1)
        }
        (Some((_, only)), _) => only,
        (None, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::profile;
    use crate::workload::{Hits, KnownLoad, KnownRequest};

    fn workload() -> Workload {
        Workload::new(10.0, Hits::Ratio(0.5))
    }

    #[test]
    fn budgets_have_to_let_the_largest_picture_in() {
        let profile = profile();
        let checked = |setup: Setup| Instance::new(&profile, setup, &workload()).unwrap().check_room();
        assert_eq!(
            checked(Setup { pixel_budget: 500_000, body_budget: 200_000.0, ..Setup::of(&profile) }),
            Ok(())
        );
        let pixels = checked(Setup { pixel_budget: 499_999, ..Setup::of(&profile) });
        assert_eq!(
            pixels,
            Err(Error::BudgetTooSmall { setting: "pixel_budget", value: 499_999.0, needed: 500_000.0 })
        );
        let told = checked(Setup { body_budget: 1.0, ..Setup::of(&profile) }).unwrap_err().to_string();
        assert!(told.contains("body_budget is 1, but must be at least 200000"), "{told}");
    }

    #[test]
    fn rates_stay_below_what_processors_can_do() {
        let profile = profile();
        let instance = Instance::new(&profile, Setup::of(&profile), &workload()).unwrap();
        let objective = Objective { p99: 0.5, refused: 0.0 };
        for hit_ratio in [0.0, 0.8] {
            let (bound, rate) = (instance.bound(hit_ratio), instance.greatest_rate(hit_ratio, &objective));
            assert!(rate > 0.6 * bound && rate < bound, "{rate} of {bound}");
        }
        assert!((instance.bound(0.0) - 2.0 / 0.0501).abs() < 1e-6);
        // Alone it is computed by two threads.
        let least = instance.idle(0.0).answered().quantile(0.99);
        assert!((0.028..0.056).contains(&least), "{least}");
        assert_eq!(instance.greatest_rate(0.0, &Objective { p99: 0.02, refused: 0.0 }), 0.0);
    }

    #[test]
    fn contention_and_speed_count() {
        let mut profile = profile();
        profile.contention.across_pictures.law.sigma = 0.25;
        let setup = Setup::of(&profile);
        let slowed = Instance::new(&profile, setup.clone(), &workload()).unwrap();
        assert!((slowed.bound(0.0) - 2.0 / (0.05 * 1.25 + 1e-4)).abs() < 1e-6);
        let fast = Instance::new(&profile, Setup { speed: 2.0, ..setup }, &workload()).unwrap();
        assert!((fast.bound(0.0) / slowed.bound(0.0) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_load_that_is_known_has_the_pictures_of_the_profile() {
        let profile = profile();
        let load = |path: &str| KnownLoad {
            pictures: vec![path.to_owned()],
            requests: vec![KnownRequest { at: 0.0, picture: 0, hit: false }],
            warm_up: 0.0,
            seconds: 1.0,
        };
        let instance = |path: &str| {
            let known = Some(Arc::new(load(path)));
            let workload = Workload { known, ..workload() };
            Instance::new(&profile, Setup::of(&profile), &workload)
                .map(|instance| instance.scenario(1e-3, 1.0))
        };
        // One request comes and is computed by two threads.
        let outcome = instance("pictures/half.jpg").unwrap().run();
        assert_eq!((outcome.misses.count(), outcome.hits.count()), (1, 0));
        let error = instance("other.jpg").unwrap_err();
        assert!(error.to_string().contains("other.jpg"), "{error}");
    }

    #[test]
    fn clients_beside_the_service_take_their_share() {
        let profile = profile();
        let setup = Setup { clients: Clients::Beside, ..Setup::of(&profile) };
        let instance = Instance::new(&profile, setup, &workload()).unwrap();
        assert!((instance.bound(1.0) - 2.0 / 1.5e-4).abs() < 1e-6);
    }

    #[test]
    fn requests_cost_by_their_size() {
        let request = |bytes: f64, cpu_seconds: f64| RequestProfile {
            bytes,
            concurrency: 1,
            cpu_seconds,
            client_cpu_seconds: 0.0,
            alone: Distribution::constant(cpu_seconds),
        };
        let requests = [request(1e5, 1e-4), request(3e5, 2e-4)];
        for (bytes, expected) in [(1e5, 1e-4), (2e5, 1.5e-4), (3e5, 2e-4), (5e5, 3e-4), (0.0, 5e-5)] {
            let cpu = interpolated(&requests, bytes, |request| request.cpu_seconds);
            assert!((cpu - expected).abs() < 1e-12, "{bytes}: {cpu}");
        }
        assert_eq!(interpolated(&requests[..1], 9e5, |request| request.cpu_seconds), 1e-4);
    }
}
