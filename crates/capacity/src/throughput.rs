//! How much is done a second, from the mean of times.
//!
//! Of requests of which a share `h` takes `hit` seconds and the rest `miss`, one takes `h hit + (1 - h) miss` in the mean, so that
//! a worker that does one after another does `1 / (h hit + (1 - h) miss)`: the weighted *harmonic* mean of both rates.
//! Their arithmetic mean `h / hit + (1 - h) / miss` is the rate of nothing (Raj Jain, *The Art of Computer Systems Performance
//! Analysis*, 1991, section 12.7).

/// Mean time of a request, s.
pub fn mean_time(hit_ratio: f64, hit: f64, miss: f64) -> f64 {
    hit_ratio * hit + (1.0 - hit_ratio) * miss
}

/// Requests a second of one worker that does one after another: `1 / (h hit + (1 - h) miss)`.
///
/// ```
/// use capacity::throughput::serial;
///
/// // 83 hits or 10.5 misses a second, four of five are hits.
/// assert!((serial(0.8, 1.0 / 83.0, 1.0 / 10.5) - 34.9).abs() < 0.05);
/// ```
pub fn serial(hit_ratio: f64, hit: f64, miss: f64) -> f64 {
    1.0 / mean_time(hit_ratio, hit, miss)
}

/// The arithmetic mean of rates, `h / hit + (1 - h) / miss`: wrong, but what plans are found to compute. It is here to be shown
/// beside [`serial`], which it exceeds whenever hits and misses differ.
pub fn arithmetic_mean_of_rates(hit_ratio: f64, hit: f64, miss: f64) -> f64 {
    hit_ratio / hit + (1.0 - hit_ratio) / miss
}

/// Processor time of a request, s, mean: what every request costs to receive, hash, look up and answer, and what those that miss
/// cost to compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Of each request, s.
    pub request: f64,
    /// Of each computation, s.
    pub compute: f64,
}

impl Demand {
    /// Processor time of a request at this hit ratio: `request + (1 - h) compute`.
    pub fn mean(&self, hit_ratio: f64) -> f64 {
        self.request + (1.0 - hit_ratio) * self.compute
    }

    /// Requests a second that so many processors can do, whatever they wait for: `cores / demand`. The utilisation law, `U = X D`
    /// (Denning and Buzen, *The Operational Analysis of Queueing Network Models*, 1978).
    pub fn bound(&self, hit_ratio: f64, cores: f64) -> f64 {
        cores / self.mean(hit_ratio)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_mean_of_rates_promises_too_much(h in 0.0..=1.0, hit in 1e-5..1.0, factor in 1.0..1e4) {
            let miss = hit * factor;
            let (right, wrong) = (serial(h, hit, miss), arithmetic_mean_of_rates(h, hit, miss));
            prop_assert!(wrong >= right * (1.0 - 1e-12));
            prop_assert!(right <= 1.0 / hit + 1e-9 && right >= 1.0 / miss - 1e-9);
        }

        /// What a worker does that takes each of many requests in turn.
        #[test]
        fn it_is_the_rate_of_requests_done_in_turn(hits in 0_u32..500, misses in 1_u32..500, factor in 1.0..100.0_f64) {
            let total = f64::from(hits + misses);
            let seconds = f64::from(hits) * 0.001 + f64::from(misses) * 0.001 * factor;
            let ratio = f64::from(hits) / total;
            prop_assert!((serial(ratio, 0.001, 0.001 * factor) / (total / seconds) - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_miss_costs_its_request_too() {
        let demand = Demand { request: 1e-4, compute: 0.05 };
        assert!((demand.bound(1.0, 2.0) - 20_000.0).abs() < 1e-6);
        assert!((demand.bound(0.0, 2.0) - 2.0 / 0.0501).abs() < 1e-9);
        assert!((demand.bound(0.8, 2.0) - 2.0 / 0.0101).abs() < 1e-9);
    }
}
