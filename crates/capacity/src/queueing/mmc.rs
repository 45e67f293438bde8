use super::{erlang_b, erlang_c};

/// Random arrivals, exponential service times, `servers` and a queue without bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mmc {
    /// Servers.
    pub servers: u32,
    /// Arrivals a second.
    pub rate: f64,
    /// Mean service time, s.
    pub mean: f64,
}

impl Mmc {
    /// Share of the servers' time that they are busy; 1 and more cannot be carried.
    pub fn utilisation(&self) -> f64 {
        self.rate * self.mean / f64::from(self.servers)
    }

    /// Mean wait: `C(c, a) mean / (c - a)`. Kleinrock, volume 1, section 3.5. Infinite from full utilisation on.
    pub fn mean_wait(&self) -> f64 {
        let (servers, load) = (f64::from(self.servers), self.rate * self.mean);
        if load >= servers {
            return f64::INFINITY;
        }
        erlang_c(self.servers, load) * self.mean / (servers - load)
    }

    /// Wait that this share does not exceed: that of those who wait is exponential with rate `(c - a) / mean`.
    pub fn wait_quantile(&self, share: f64) -> f64 {
        let (servers, load) = (f64::from(self.servers), self.rate * self.mean);
        let waiting = erlang_c(self.servers, load);
        if load >= servers {
            return f64::INFINITY;
        }
        ((waiting / (1.0 - share)).ln() * self.mean / (servers - load)).max(0.0)
    }
}

/// As [`Mmc`], with room for at most `places`, those in service among them; who finds none is refused.
///
/// Gross, Shortle, Thompson and Harris, *Fundamentals of Queueing Theory*, 4th edition 2008, section 2.5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mmck {
    /// The queue, but for its bound.
    pub mmc: Mmc,
    /// Places, at least as many as servers.
    pub places: u32,
}

impl Mmck {
    /// Share of arrivals that are refused: by the recursion of [`erlang_b`] up to the servers, and
    /// `B(k) = ρ B(k-1) / (1 + ρ B(k-1))` for each place beyond them, with `ρ = a / c`.
    pub fn refused(&self) -> f64 {
        let Mmc { servers, rate, mean } = self.mmc;
        let load = rate * mean;
        let utilisation = load / f64::from(servers);
        let places = servers..self.places.max(servers);
        places
            .fold(erlang_b(servers, load), |refused, _| utilisation * refused / (1.0 + utilisation * refused))
    }

    /// Mean number in the queue and in service.
    pub fn mean_present(&self) -> f64 {
        let Mmc { servers, rate, mean } = self.mmc;
        let load = rate * mean;
        // As logarithms, in units of the likeliest state, so that nothing overflows.
        let mut states = vec![0.0];
        for k in 1..=self.places.max(servers) {
            let last = states.last().copied().unwrap_or(0.0);
            states.push(last + (load / f64::from(k.min(servers))).ln());
        }
        let likeliest = states.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut total, mut present) = (0.0, 0.0);
        for (k, state) in states.iter().enumerate() {
            let weight = (state - likeliest).exp();
            total += weight;
            present += k as f64 * weight;
        }
        present / total
    }

    /// Mean wait of those who are let in: Little's law, less the service.
    pub fn mean_wait(&self) -> f64 {
        let admitted = self.mmc.rate * (1.0 - self.refused());
        self.mean_present() / admitted - self.mmc.mean
    }
}

/// Mean wait of a G/G/c queue, about: that of M/M/c times `(ca² + cs²) / 2`, the mean of the squared coefficients of
/// variation of the times between arrivals and of service. Exact for M/M/c and for M/G/1.
///
/// Arnold O. Allen, *Probability, Statistics, and Queueing Theory with Computer Science Applications*, 2nd edition 1990,
/// after Cunneen; Ward Whitt, *Approximations for the GI/G/m queue*, 1993.
pub fn allen_cunneen(mmc: &Mmc, arrivals_scv: f64, service_scv: f64) -> f64 {
    mmc.mean_wait() * (arrivals_scv + service_scv) / 2.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::queueing::pollaczek_khinchine;

    const MMC: Mmc = Mmc { servers: 2, rate: 15.0, mean: 0.1 };

    #[test]
    fn two_servers_wait_as_in_the_textbook() {
        // W_q of M/M/2 = ρ² mean / (1 - ρ²).
        let squared = MMC.utilisation().powi(2);
        assert!((MMC.mean_wait() - squared * MMC.mean / (1.0 - squared)).abs() < 1e-12);
        assert_eq!(Mmc { rate: 20.0, ..MMC }.mean_wait(), f64::INFINITY);
    }

    #[test]
    fn a_wait_that_few_have_is_zero_at_the_share_that_does_not_wait() {
        let waiting = erlang_c(2, 1.5);
        assert_eq!(MMC.wait_quantile(0.5 * (1.0 - waiting)), 0.0);
        assert!(MMC.wait_quantile(0.99) > MMC.wait_quantile(0.9));
    }

    #[test]
    fn allen_cunneen_is_exact_for_one_server() {
        let mm1 = Mmc { servers: 1, rate: 8.0, mean: 0.1 };
        for scv in [0.0, 0.3, 1.0, 4.0] {
            let exact = pollaczek_khinchine(8.0, 0.1, scv * 0.01);
            assert!((allen_cunneen(&mm1, 1.0, scv) - exact).abs() < 1e-12);
        }
    }

    #[test]
    fn overload_refuses_what_is_too_much() {
        let mmck = Mmck { mmc: Mmc { rate: 40.0, ..MMC }, places: 66 };
        assert!((mmck.refused() - 0.5).abs() < 1e-9, "twice what two servers can do");
        assert!(
            (mmck.mean_present() - 65.0).abs() < 1e-6,
            "one less than the places: ρ / (ρ - 1)² fewer by ρ = 2"
        );
    }

    proptest! {
        #[test]
        fn with_many_places_it_is_the_queue_without_bound(utilisation in 0.05..0.9, servers in 1_u32..20) {
            let mmc = Mmc { servers, rate: utilisation * f64::from(servers) / 0.1, mean: 0.1 };
            let mmck = Mmck { mmc, places: 600 };
            prop_assert!(mmck.refused() < 1e-9);
            prop_assert!((mmck.mean_wait() - mmc.mean_wait()).abs() < 1e-6 * (1.0 + mmc.mean_wait()));
        }

        #[test]
        fn without_a_queue_it_is_the_loss_formula(load in 0.1..30.0, servers in 1_u32..20) {
            let mmc = Mmc { servers, rate: load / 0.1, mean: 0.1 };
            let refused = Mmck { mmc, places: servers }.refused();
            prop_assert!((refused - erlang_b(servers, load)).abs() < 1e-12);
        }
    }
}
