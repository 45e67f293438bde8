//! How many instances are needed.

use super::{Plan, Request, Shared, figure, section as named};
use crate::Error;
use crate::instance::{Instance, Setup};
use crate::report::Section;

/// Rounds after which the number of instances has settled, if it does: each is a simulation. Two or three are usual.
const ROUNDS: u32 = 12;

/// One host needs no shared cache; several have the one that is asked for.
pub(super) fn plan<'a>(request: &'a Request<'a>, setup: &Setup) -> Result<Plan<'a>, Error> {
    let alone = settled(request, setup, None, 1);
    match (&alone, request.shared) {
        (_, None) => alone,
        (Ok(Plan { instances: 1, .. }), _) => alone,
        (_, Some(shared)) => settled(request, setup, Some(shared), 2),
    }
}

/// A plan with this shared cache, or none: the fewest instances, no fewer than `least`, that carry the busiest time with what their
/// caches leave them to compute.
///
/// Each instance more leaves the others a smaller share of the requests, of which their memory answers less: what is needed grows
/// with what there is, and the answer is where the two meet. What one carries of what its processors can do, which is simulated, hardly
/// depends on the hit ratio, so that few numbers of instances are simulated.
pub(super) fn settled<'a>(
    request: &'a Request<'a>,
    setup: &Setup,
    shared: Option<Shared>,
    least: u32,
) -> Result<Plan<'a>, Error> {
    let instance = Instance::new(request.profile, setup.clone(), request.workload)?;
    instance.check_room()?;
    let mut plan = Plan {
        request,
        instance,
        shared,
        hit_ratio: 0.0,
        memory_tier: None,
        shared_tier: None,
        within_objective: 0.0,
        greatest: 0.0,
        simulated: None,
        instances: least,
    };
    let mut share = 1.0;
    for _ in 0..ROUNDS {
        let likely = plan.fewest(least, share);
        plan.simulate()?;
        share = plan.greatest / plan.instance.bound(plan.hit_ratio);
        if plan.fewest(least, share) == likely {
            break;
        }
    }
    plan.simulate()?;
    while plan.needed() > plan.instances {
        plan.take(plan.instances + 1);
        plan.simulate()?;
    }
    Ok(plan)
}

impl Plan<'_> {
    /// Has so many instances, and reckons what their caches do.
    fn take(&mut self, instances: u32) {
        self.instances = instances;
        self.reckon_caches();
        if let Some(shared) = self.shared {
            self.instance.look_up_in(shared.backend.name(), self.beyond_memory());
        }
    }

    /// Has the fewest instances that do, no fewer than `least`, if each carries this share of what its processors can do. It looks
    /// around as many as there are.
    fn fewest(&mut self, least: u32, share: f64) -> u32 {
        let mut enough = self.instances.max(least);
        let mut short = least - 1;
        while !self.do_if(enough, share) {
            short = enough;
            enough = enough.saturating_mul(2);
        }
        let mut step = 1;
        while short + 1 < enough {
            // Down by more and more where nothing is known to be too few, else by halves.
            let tried = if short < least {
                enough.saturating_sub(step).max(least)
            } else {
                short + (enough - short) / 2
            };
            if self.do_if(tried, share) {
                enough = tried;
            } else {
                short = tried;
            }
            step *= 2;
        }
        self.take(enough);
        enough
    }

    /// Takes so many instances. Whether they do, if each carries this share.
    fn do_if(&mut self, instances: u32, share: f64) -> bool {
        self.take(instances);
        whole(self.request.workload.peak_rate() / (share * self.instance.bound(self.hit_ratio))) <= instances
    }

    /// Finds out what one instance carries.
    fn simulate(&mut self) -> Result<(), Error> {
        let objective = &self.request.workload.objective;
        let asked = (self.hit_ratio, self.beyond_memory());
        if self.simulated != Some(asked) {
            self.within_objective = self.instance.greatest_rate(self.hit_ratio, objective);
            self.greatest = self.within_objective.min(self.network_rate());
            self.simulated = Some(asked);
        }
        if self.greatest > 0.0 { Ok(()) } else { Err(self.out_of_reach()) }
    }

    /// How many instances would be needed if each carried what one does now.
    fn needed(&self) -> u32 {
        whole(self.request.workload.peak_rate() / self.greatest)
    }

    /// Why no rate keeps the objective, from an instance that is all but idle.
    fn out_of_reach(&self) -> Error {
        let idle = self.instance.idle(self.hit_ratio);
        let (objective, setup) = (self.request.workload.objective, &self.instance.setup);
        let (refused, late) = (idle.refused_share(), idle.late_share());
        if refused + late > objective.refused {
            let (allowed, deadline) = (objective.refused, setup.deadline.as_secs_f64());
            return Error::LossOutOfReach { allowed, refused, late, queue: setup.queue_capacity, deadline };
        }
        let least = idle.answered().quantile(0.99);
        Error::ObjectiveOutOfReach {
            p99: objective.p99,
            least,
            cores: setup.cores,
            hit_ratio: self.hit_ratio,
        }
    }
}

/// Instances, of which there are whole ones.
fn whole(instances: f64) -> u32 {
    instances.ceil().clamp(1.0, f64::from(u32::MAX)) as u32
}

/// With notes on what does not suffice.
pub(super) fn section(plan: &Plan<'_>, notes: Vec<String>) -> Section {
    let workload = plan.request.workload;
    let objective = workload.objective;
    let simulated = format!(
        "simulation of admission over the {}, 99 % of answers within {} s",
        plan.measured(),
        objective.p99
    );
    let planned = workload.planned_rate();
    let all = plan.greatest * f64::from(plan.instances);
    Section {
        figures: vec![
            figure(
                "peak_rate",
                "requests at the busiest time",
                workload.peak_rate(),
                "1/s",
                "rate x growth x peak factor",
                "given",
            ),
            figure(
                "greatest_rate",
                "one instance keeps the objective up to",
                plan.greatest,
                "1/s",
                "greatest rate with p99 and refusals within bounds, no more than its network carries",
                simulated,
            ),
            figure(
                "instances",
                "instances",
                f64::from(plan.instances),
                "",
                "ceil(busiest / one instance)",
                "the two above",
            ),
            figure("full_rate", "all of them carry", all, "1/s", "instances x one instance", "the two above"),
            figure(
                "peak_load",
                "load at the busiest time",
                workload.peak_rate() / all,
                "of what they carry",
                "busiest / all",
                "the above",
            ),
            figure(
                "planned_utilisation",
                "processors busy in the mean",
                planned / (plan.instance.bound(plan.hit_ratio) * f64::from(plan.instances)),
                "of all",
                "rate x demand / processors (utilisation law)",
                plan.measured(),
            ),
        ],
        notes,
        ..named("needed", "What is needed")
    }
}
