//! The hit ratio from what is asked for, how much is kept and for how long.
//!
//! Requests are independent (the independent reference model); which picture each is for follows Zipf's law. A cache of `C`
//! entries that forgets the least recently used is told by Che's approximation: one characteristic time `Tc`, the same for
//! all, after which an entry that nobody asked for has left, from `Σ occupancy(Tc) = C`.
//!
//! siftd's time to live counts from the insertion and hits do not prolong it, so that an entry leaves at the first of two
//! moments: its time to live `T` is over, or nobody asked for it for `Tc`. With requests of rate `λ` and `q = e^(-λ Tc)`, let
//! `V(t)` be the probability that up to `t` after the insertion no request has come too late: `V = 1` up to `Tc`, and
//! `V'(t) = -λ q V(t - Tc)` beyond. Counting renewals, there are `m = λ ∫ V - (1 - V(T))` hits between two misses, the integral
//! taken over `T`, and the hit ratio is `m / (1 + m)`, as is the share of the time that the entry is there. For `T ≤ Tc` that
//! is the well-known `λT / (1 + λT)`; for `T → ∞` it is Che's `1 - e^(-λ Tc)`.
//!
//! H. Che, Y. Tung, Z. Wang, *Hierarchical Web Caching Systems*, 2002; C. Fricker, P. Robert, J. Roberts, *A Versatile and
//! Accurate Approximation for LRU Cache Performance*, 2012; N. C. Fofack et al., *Analysis of TTL-based Cache Networks*, 2012.

mod popularity;
mod residence;

pub use popularity::Zipf;
use residence::Residence;

/// How close a value that is sought by halving is found, relative to it.
const PRECISION: f64 = 1e-9;

/// What is asked for, and what is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lookups {
    /// Which pictures are asked for.
    pub popularity: Zipf,
    /// Requests a second.
    pub rate: f64,
    /// Entries that there is room for.
    pub capacity: f64,
    /// Time to live from the insertion, s.
    pub ttl: f64,
}

/// What a cache does with them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caching {
    /// Share of requests that it answers.
    pub hit_ratio: f64,
    /// Entries that are there, mean.
    pub entries: f64,
    /// Pause after which an entry has left for lack of room, s; none if there is room for all.
    pub characteristic_time: Option<f64>,
    /// Share of the misses' insertions that push another entry out before its time to live is over.
    pub evicted: f64,
}

impl Lookups {
    /// The hit ratio in the long run, and what goes with it.
    ///
    /// ```
    /// use capacity::hit_ratio::{Lookups, Zipf};
    ///
    /// let popularity = Zipf { exponent: 0.8, pictures: 100_000 };
    /// let roomy = Lookups { popularity, rate: 100.0, capacity: 1e6, ttl: 3600.0 }.cached();
    /// let tight = Lookups { popularity, rate: 100.0, capacity: 1e3, ttl: 3600.0 }.cached();
    /// assert!(roomy.hit_ratio > 0.7 && roomy.characteristic_time.is_none());
    /// assert!(tight.hit_ratio < 0.4 && tight.evicted > 0.9);
    /// ```
    pub fn cached(&self) -> Caching {
        self.cached_in(|held| held.entries > self.capacity)
    }

    /// As [`cached`](Self::cached), in room that is not told by a number of entries, as what one weighs depends on what the cache does:
    /// `is_full` says of what it may come to whether that is too much. The more it holds the sooner it must be.
    pub fn cached_in(&self, is_full: impl Fn(&Caching) -> bool) -> Caching {
        let groups = self.popularity.groups();
        let all = self.sum(&groups, f64::INFINITY);
        if !is_full(&all) {
            return all;
        }
        // Entries grow with the characteristic time, of which the time to live is more than enough.
        let time = halved(self.ttl, |time| !is_full(&self.sum(&groups, time)));
        Caching { characteristic_time: Some(time), ..self.sum(&groups, time) }
    }

    /// What it would do with room for all.
    pub fn unbounded(&self) -> Caching {
        self.sum(&self.popularity.groups(), f64::INFINITY)
    }

    /// How long after an empty start there is no room left, s; none where entries expire before there is not. Until then each picture
    /// that was asked for is there: `Σ (1 - e^(-λ t))` of them, with `λ` its own rate.
    pub fn fills_after(&self) -> Option<f64> {
        let groups = self.popularity.groups();
        if self.sum(&groups, f64::INFINITY).entries <= self.capacity {
            return None;
        }
        let asked_for = |seconds: f64| -> f64 {
            groups.iter().map(|group| -group.pictures * (-self.rate * group.share * seconds).exp_m1()).sum()
        };
        Some(halved(self.ttl, |seconds| asked_for(seconds) < self.capacity))
    }

    /// The rate from which there is no room for all, requests a second; none where there is room for all pictures.
    pub fn fills_at(&self) -> Option<f64> {
        if self.popularity.pictures as f64 <= self.capacity {
            return None;
        }
        let groups = self.popularity.groups();
        let fits = |rate: f64| {
            Self { rate, ..*self }.sum(&groups, f64::INFINITY).entries <= self.capacity
                && rate < f64::MAX / 2.0
        };
        let mut most = self.rate;
        while fits(most) {
            most *= 2.0;
        }
        Some(halved(most, fits))
    }

    fn sum(&self, groups: &[popularity::Group], characteristic_time: f64) -> Caching {
        let (mut hits, mut entries, mut expired, mut misses) = (0.0, 0.0, 0.0, 0.0);
        for group in groups {
            let rate = self.rate * group.share;
            let stay = Residence::of(rate, characteristic_time, self.ttl);
            hits += group.pictures * group.share * stay.hit_ratio();
            // Random requests see what there is at a random time.
            entries += group.pictures * stay.hit_ratio();
            misses += group.pictures * group.share * (1.0 - stay.hit_ratio());
            expired += group.pictures * group.share * (1.0 - stay.hit_ratio()) * stay.whole;
        }
        let evicted = if misses > 0.0 { (1.0 - expired / misses).max(0.0) } else { 0.0 };
        Caching { hit_ratio: hits, entries, characteristic_time: None, evicted }
    }
}

/// Where something that holds at 0 ceases to hold before `high`.
fn halved(mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let mut low = 0.0;
    while high - low > PRECISION * high {
        let middle = (low + high) / 2.0;
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests;
