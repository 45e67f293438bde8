//! What requests cost and how long they take beside threads that compute, from what was measured of hits: the way to the
//! client and back, caches and processors that went to something else or to sleep since the last request, and the slices of a
//! kernel, which lets a thread that computes go on for some milliseconds before one that has just become ready.

use super::{Clients, Setup};
use crate::profile::{Distribution, HitsBeside, RequestProfile, RequestProfiles};
use crate::simulation::Processors;

/// What was measured with clients where they are, on about as many processors.
#[derive(Debug)]
pub(super) struct Beside<'a> {
    /// One for each rate, ascending, with the measurements of that rate.
    by_rate: Vec<(f64, Vec<&'a HitsBeside>)>,
    cores: u32,
}

impl<'a> Beside<'a> {
    /// None, if nothing was measured beside computing.
    pub(super) fn new(requests: &'a RequestProfiles, setup: &Setup) -> Option<Self> {
        let measured = &requests.hits_beside;
        let distance =
            |hits: &HitsBeside| (hits.clients != setup.clients, hits.processors.abs_diff(setup.cores));
        let least = measured.iter().map(distance).min()?;
        let mut by_rate: Vec<(f64, Vec<&HitsBeside>)> = Vec::new();
        for hits in measured.iter().filter(|hits| distance(hits) == least) {
            match by_rate.iter_mut().find(|(rate, _)| *rate == hits.rate) {
                Some((_, rows)) => rows.push(hits),
                None => by_rate.push((hits.rate, vec![hits])),
            }
        }
        by_rate.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(Self { by_rate, cores: setup.cores })
    }

    /// Processor time of a request at so many requests a second, while all processors have something to compute, s.
    pub(super) fn cpu(&self, rate: f64, clients: Clients) -> f64 {
        let (few, many, share) = self.around(rate, self.cores);
        let cpu = |hits: &HitsBeside| clients.cpu(hits.cpu_seconds, hits.client_cpu_seconds);
        few.map_or(0.0, cpu) * (1.0 - share) + many.map_or(0.0, cpu) * share
    }

    /// What requests take longer than shared processors explain, by the number of threads that compute, from none to one more
    /// than there are processors: of the requests that were measured, whatever those are that are planned for.
    pub(super) fn delays(&self, rate: f64, processors: &Processors, clients: Clients) -> Vec<Distribution> {
        let request_cpu = self.cpu(rate, clients);
        let delay = |computing: u32| {
            let (few, many, share) = self.around(rate, computing);
            let (few, many) = (few?, many?);
            let measured = Processors { cores: f64::from(few.processors), ..*processors };
            // The simulation adds this again, and what other requests make of it.
            let explained = request_cpu / measured.answering_speed(few.computing as usize);
            Some(shortened(&few.latency.towards(&many.latency, share), explained))
        };
        (0..=self.cores + 1).filter_map(delay).collect()
    }

    /// What was measured at the next lower and the next higher rate, and how far the rate is from the one to the other, by
    /// its logarithm.
    fn around(&self, rate: f64, computing: u32) -> (Option<&HitsBeside>, Option<&HitsBeside>, f64) {
        let last = self.by_rate.len().saturating_sub(1);
        let above = self.by_rate.partition_point(|(measured, _)| *measured < rate).min(last);
        let below = above.saturating_sub(1);
        let at = |index: usize| self.by_rate.get(index);
        let span = at(below).zip(at(above)).map_or(0.0, |(few, many)| (many.0 / few.0).ln());
        let share = at(below).filter(|_| span > 0.0).map_or(1.0, |few| (rate / few.0).ln() / span);
        let row = |index: usize| at(index).and_then(|(_, rows)| nearest(rows, computing, self.cores));
        (row(below), row(above), share.clamp(0.0, 1.0))
    }
}

/// What is like so many computing threads on so many processors: first whether they leave a processor free, then whether there are
/// any, then how many there are beside the processors.
fn nearest<'a>(rows: &[&'a HitsBeside], computing: u32, cores: u32) -> Option<&'a HitsBeside> {
    let distance = |hits: &HitsBeside| {
        let free_alike = (computing < cores) == (hits.computing < hits.processors);
        let none_alike = (computing == 0) == (hits.computing == 0);
        let beyond = i64::from(computing) - i64::from(cores);
        let measured_beyond = i64::from(hits.computing) - i64::from(hits.processors);
        (!free_alike, !none_alike, (beyond - measured_beyond).abs())
    };
    rows.iter().min_by_key(|hits| distance(hits)).copied()
}

/// Where nothing was measured beside computing: what of the time of a request alone is not processor time.
pub(super) fn alone(hits: &[RequestProfile], bytes: f64) -> Option<Distribution> {
    let nearest = hits.iter().min_by(|a, b| (a.bytes - bytes).abs().total_cmp(&(b.bytes - bytes).abs()))?;
    Some(shortened(&nearest.alone, nearest.cpu_seconds))
}

/// Below zero where not all of what is taken away was on the way of the request: clients that are beside the service do some of
/// their work while it does its own.
fn shortened(latency: &Distribution, by: f64) -> Distribution {
    let (mut delay, scale) = (latency.clone(), latency.interpolation_scale());
    delay.mean -= by;
    delay.quantiles.iter_mut().for_each(|quantile| quantile.seconds = scale * quantile.seconds - by);
    delay
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::profile;
    use crate::usl::Usl;

    fn hits(processors: u32, clients: Clients, computing: u32, rate: f64, ms: f64) -> HitsBeside {
        let latency = Distribution::constant(ms * 1e-3);
        let (cpu_seconds, client_cpu_seconds) = (0.02 / rate, 0.01 / rate);
        HitsBeside { processors, clients, computing, rate, cpu_seconds, client_cpu_seconds, latency }
    }

    fn measured() -> Vec<HitsBeside> {
        let apart = [(0, 0.3), (1, 2.0), (2, 3.0)].map(|(n, ms)| hits(1, Clients::Apart, n, 100.0, ms));
        let beside =
            [(0, 0.4), (1, 0.5), (2, 4.0), (3, 5.0)].map(|(n, ms)| hits(2, Clients::Beside, n, 100.0, ms));
        let fast = [(0, 0.2), (1, 0.3)].map(|(n, ms)| hits(1, Clients::Apart, n, 10_000.0, ms));
        [apart.to_vec(), beside.to_vec(), fast.to_vec()].concat()
    }

    fn delays(cores: u32, clients: Clients, rate: f64) -> Vec<f64> {
        let profile = profile();
        let requests = RequestProfiles { hits_beside: measured(), ..profile.requests.clone() };
        let beside = Beside::new(&requests, &Setup { cores, clients, ..Setup::of(&profile) }).unwrap();
        let contention = Usl { lambda: 1.0, sigma: 0.0, kappa: 0.0 };
        let processors = Processors { cores: f64::from(cores), niceness: 0, contention };
        let delays = beside.delays(rate, &processors, clients);
        delays.iter().map(|delay| (delay.mean * 1e7).round() / 1e4).collect()
    }

    /// 0.2 ms is processor time, 0.3 with that of clients beside: as much with a processor free, twice that beside one thread on one
    /// processor, 1.5 times beside two on two.
    #[test]
    fn what_was_measured_is_less_what_the_processors_explain() {
        assert_eq!(delays(1, Clients::Apart, 100.0), [0.1, 1.6, 2.4]);
        assert_eq!(delays(2, Clients::Beside, 7.0), [0.1, 0.2, 3.55, 4.4]);
    }

    #[test]
    fn the_slowest_keep_their_delay_where_most_take_less_than_their_processor_time() {
        let latency = Distribution::of(&[[5e-4; 98].as_slice(), &[4e-3; 2]].concat()).unwrap();
        let delay = shortened(&latency, 8e-4);
        assert!((delay.quantile(0.5) + 3e-4).abs() < 3e-5, "{delay:?}");
        assert!((delay.quantile(1.0) - 3.2e-3).abs() < 2e-4, "{delay:?}");
    }

    #[test]
    fn other_numbers_of_processors_take_what_is_most_alike() {
        // A processor is free until four compute.
        assert_eq!(delays(4, Clients::Beside, 100.0), [0.1, 0.2, 0.2, 0.2, 3.55, 4.4]);
        assert_eq!(delays(4, Clients::Apart, 100.0), [0.1, 0.1, 0.1, 0.1, 1.6, 2.4]);
    }

    #[test]
    fn rates_between_those_measured_are_between_them() {
        assert_eq!(delays(1, Clients::Apart, 1_000.0)[0], 0.149);
        assert_eq!(delays(1, Clients::Apart, 1e6)[0], 0.198);
    }

    #[test]
    fn requests_cost_more_the_fewer_there_are() {
        let profile = profile();
        let requests = RequestProfiles { hits_beside: measured(), ..profile.requests.clone() };
        let beside = Beside::new(&requests, &Setup { cores: 1, ..Setup::of(&profile) }).unwrap();
        for (rate, clients, micros) in [
            (1.0, Clients::Apart, 200.0),
            (100.0, Clients::Beside, 300.0),
            (1_000.0, Clients::Apart, 101.0),
            (1e6, Clients::Apart, 2.0),
        ] {
            assert!((beside.cpu(rate, clients) * 1e6 - micros).abs() < 1e-6, "{rate}");
        }
    }

    #[test]
    fn without_measurement_beside_computing_it_is_that_of_a_request_alone() {
        let requests = profile().requests;
        assert!(Beside::new(&requests, &Setup::of(&profile())).is_none());
        assert!((alone(&requests.upload_hits, 2e5).unwrap().mean - 2e-4).abs() < 1e-12);
    }
}
