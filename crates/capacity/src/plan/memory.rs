use super::{Plan, figure, section as named};
use crate::cache_memory::QUEUED_BYTES;
use crate::report::Section;
use crate::simulation::Outcome;

/// What an instance takes with so many pixels being computed and its memory tier full.
pub(super) struct Demand {
    pub(super) rest: f64,
    pub(super) tier: f64,
    pub(super) threads: f64,
    pub(super) pixels: f64,
    pub(super) bodies: f64,
    pub(super) connections: f64,
}

impl Demand {
    pub(super) fn bytes(&self) -> f64 {
        self.rest + self.tier + self.threads + self.pixels + self.bodies + self.connections
    }

    /// What its settings let it take, whatever is sent.
    pub(super) fn most(&self, plan: &Plan<'_>) -> f64 {
        let (setup, memory) = (&plan.instance.setup, &plan.request.profile.memory);
        let queued = plan.shared.map_or(0, |_| QUEUED_BYTES) as f64;
        self.rest
            + self.threads
            + setup.pixel_budget as f64 * memory.bytes_per_pixel
            + setup.body_budget
            + setup.memory_tier_bytes
            + setup.max_connections * memory.bytes_per_connection
            + queued
    }

    /// At this many requests a second of one instance.
    pub(super) fn of(plan: &Plan<'_>, rate: f64) -> Self {
        Self::with(plan, rate, &plan.instance.scenario(rate, plan.hit_ratio).run())
    }

    /// The same, of what was simulated at this rate.
    pub(super) fn with(plan: &Plan<'_>, rate: f64, outcome: &Outcome) -> Self {
        let (instance, profile) = (&plan.instance, plan.request.profile);
        let threads = instance.policy().most_threads() as f64;
        let (memory, cores) = (&profile.memory, f64::from(instance.setup.cores));
        let waiting = outcome.most_queued as f64 + cores;
        let answered = outcome.answered().mean();
        Self {
            rest: memory.rest_bytes,
            tier: plan.memory_tier_bytes(rate),
            threads: memory.bytes_per_thread * threads,
            // What is computed has pixels; what waits has only its file.
            pixels: memory.bytes_per_pixel * instance.pixels() * cores,
            bodies: (waiting * instance.upload_bytes()).min(instance.setup.body_budget),
            connections: memory.bytes_per_connection * (rate * answered).min(instance.setup.max_connections),
        }
    }
}

pub(super) fn section(plan: &Plan<'_>) -> Section {
    let rate = plan.request.workload.peak_rate() / f64::from(plan.instances);
    let demand = Demand::of(plan, rate);
    let (mb, measured) = (1e6, plan.measured());
    let simulated = "simulation at the busiest time";
    Section {
        figures: vec![
            figure(
                "process_memory",
                "an instance takes",
                demand.bytes() / mb,
                "MB",
                "the sum of what follows",
                "below",
            ),
            figure("process_rest", "at rest", demand.rest / mb, "MB", "measured", measured.clone()),
            figure(
                "process_tier",
                "memory tier",
                demand.tier / mb,
                "MB",
                "min(entries in the long run x bytes of an entry, cache_memory)",
                "Little's law where the hit ratio is given, Che's approximation where popularity is",
            ),
            figure(
                "process_threads",
                "threads that compute",
                demand.threads / mb,
                "MB",
                "the most threads that work on pictures at a time x bytes of one",
                measured.clone(),
            ),
            figure(
                "process_pixels",
                "pixels being computed",
                demand.pixels / mb,
                "MB",
                "pixels x bytes of one, a picture on each thread",
                measured,
            ),
            figure(
                "process_bodies",
                "bodies that wait",
                demand.bodies / mb,
                "MB",
                "most images in queue and at work x bytes of a file",
                simulated,
            ),
            figure(
                "process_connections",
                "connections",
                demand.connections / mb,
                "MB",
                "rate x time in the system (Little's law) x bytes of one",
                simulated,
            ),
            figure(
                "process_most",
                "it never takes more than",
                demand.most(plan) / mb,
                "MB",
                "pixel_budget x bytes of a pixel + body_budget + cache_memory + max_connections x bytes of one + rest + threads \
                 + values that wait for the shared cache",
                "its settings bound it, whatever is sent",
            ),
        ],
        ..named("memory", "Memory of an instance")
    }
}
