//! How many requests a caller may make: the generic cell rate algorithm (GCRA), of ITU-T I.371.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use crate::api_key::{Caller, KeyId};

/// Callers remembered at a time. One that is forgotten begins anew, with a whole burst.
const CALLERS: usize = 1 << 16;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CallerId {
    /// The bearer of a key, from wherever.
    Key(KeyId),
    /// An IPv4 address.
    Ipv4(u32),
    /// The first 64 bits of an IPv6 address: what one subscriber usually has.
    Ipv6(u64),
}

impl CallerId {
    /// By key, else by the client's address.
    pub(crate) fn new(caller: Caller, address: IpAddr) -> Self {
        match (caller, address.to_canonical()) {
            (Caller::Key(key), _) => Self::Key(key),
            (Caller::Anyone, IpAddr::V4(address)) => Self::Ipv4(address.to_bits()),
            (Caller::Anyone, IpAddr::V6(address)) => Self::Ipv6((address.to_bits() >> 64) as u64),
        }
    }
}

/// Refuses callers that come too often.
///
/// A caller has an instant at which it would be back at rest, which each request puts off by what it costs: a second
/// over the rate. While that is further ahead than a burst reaches, the caller is refused, which costs it nothing.
pub(crate) struct RateLimiter {
    /// Instants at rest, in nanoseconds since `begin`.
    callers: Cache<CallerId, Arc<AtomicU64>>,
    begin: Instant,
    /// What a request costs, in nanoseconds.
    cost: u64,
    /// How far ahead the instant at rest may be for one more request, in nanoseconds.
    tolerance: u64,
}

/// The caller came too often: how long until it may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RetryAfter(pub(crate) Duration);

impl RateLimiter {
    /// For a rate above 0 in the long run, and so many requests at once.
    pub(crate) fn new(per_second: f64, burst: NonZeroU32) -> Self {
        // Rounded up, so that never more than the rate is let through; bounded, so that a burst is no more than 146 years.
        let longest = u64::MAX / 4 / u64::from(burst.get());
        let cost = ((1e9 / per_second).ceil() as u64).clamp(1, longest);
        let tolerance = cost * u64::from(burst.get() - 1);
        Self { callers: Cache::new(CALLERS), begin: Instant::now(), cost, tolerance }
    }

    /// Counts a request at this time, or refuses it.
    pub(crate) fn check(&self, caller: CallerId, now: Instant) -> Result<(), RetryAfter> {
        let now = nanoseconds(now.saturating_duration_since(self.begin));
        let rest = self.instant_at_rest(caller);
        // Nothing else is read after this one, so its order among other memory does not matter.
        let counted = rest.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |rest| {
            let rest = rest.max(now);
            (rest - now <= self.tolerance).then(|| rest.saturating_add(self.cost))
        });
        counted.map(drop).map_err(|rest| {
            let ahead = rest.saturating_sub(now);
            RetryAfter(Duration::from_nanos(ahead.saturating_sub(self.tolerance)))
        })
    }

    fn instant_at_rest(&self, caller: CallerId) -> Arc<AtomicU64> {
        let Ok(rest) =
            self.callers.get_or_insert_with(&caller, || Ok::<_, std::convert::Infallible>(Arc::default()));
        rest
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    const ONE: CallerId = CallerId::Ipv4(1);

    fn limiter(per_second: f64, burst: u32) -> RateLimiter {
        RateLimiter::new(per_second, NonZeroU32::new(burst).unwrap())
    }

    #[test]
    fn a_burst_is_let_through_and_then_the_rate() {
        let limiter = limiter(10.0, 3);
        let at = |milliseconds| limiter.begin + Duration::from_millis(milliseconds);
        let check = |milliseconds| limiter.check(ONE, at(milliseconds));
        let retry = |milliseconds| Err(RetryAfter(Duration::from_millis(milliseconds)));
        for _ in 0..3 {
            assert_eq!(check(1000), Ok(()));
        }
        assert_eq!(check(1000), retry(100));
        assert_eq!(check(1030), retry(70));
        assert_eq!(check(1100), Ok(()));
        assert_eq!(check(1100), retry(100));
        assert_eq!(limiter.check(CallerId::Ipv4(2), at(1100)), Ok(()), "others have their own");
        for _ in 0..3 {
            assert_eq!(check(2000), Ok(()), "after a pause there is a whole burst again");
        }
        assert_eq!(check(2000), retry(100));
    }

    #[test]
    fn whoever_waits_as_told_is_let_through() {
        let limiter = limiter(3.0, 1);
        let mut now = limiter.begin;
        assert_eq!(limiter.check(ONE, now), Ok(()));
        for _ in 0..100 {
            let Err(RetryAfter(wait)) = limiter.check(ONE, now) else { panic!("one at a time") };
            assert!(wait <= Duration::from_nanos(333_333_334));
            now += wait;
            assert_eq!(limiter.check(ONE, now), Ok(()));
        }
    }

    #[test]
    fn extreme_rates_do_not_overflow() {
        for per_second in [1e30, f64::INFINITY] {
            let limiter = limiter(per_second, u32::MAX);
            let late = limiter.begin + Duration::from_secs(1 << 30);
            for moment in [limiter.begin, late, late] {
                assert_eq!(limiter.check(ONE, moment), Ok(()), "{per_second}");
            }
        }
        for per_second in [f64::MIN_POSITIVE, 1e-30] {
            let limiter = limiter(per_second, 3);
            let admitted = (0..10).filter(|_| limiter.check(ONE, limiter.begin).is_ok()).count();
            assert_eq!(admitted, 3, "{per_second}");
        }
    }

    #[test]
    fn callers_are_told_by_key_then_address() {
        let of = |address: &str| CallerId::new(Caller::Anyone, address.parse().unwrap());
        assert_eq!(of("1.2.3.4"), CallerId::Ipv4(0x0102_0304));
        assert_eq!(of("::ffff:1.2.3.4"), of("1.2.3.4"));
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:2:ffff::"));
        assert_ne!(of("2001:db8:1:2::3"), of("2001:db8:1:3::3"));
        assert_ne!(of("1.2.3.4"), of("1.2.3.5"));
        let key = crate::api_key::KeyRing::new(vec![crate::ApiKeyHash::of("key")]);
        let headers = [(http::HeaderName::from_static("x-api-key"), http::HeaderValue::from_static("key"))];
        let caller = key.check(&headers.into_iter().collect()).unwrap();
        let here = CallerId::new(caller, Ipv4Addr::LOCALHOST.into());
        assert_eq!(here, CallerId::new(caller, Ipv6Addr::LOCALHOST.into()));
        assert_ne!(here, of("127.0.0.1"));
    }

    #[test]
    fn threads_together_get_no_more_than_a_burst() {
        let limiter = limiter(1.0, 1000);
        let now = limiter.begin;
        let admitted: usize = std::thread::scope(|scope| {
            let count = || (0..1000).filter(|_| limiter.check(ONE, now).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1000);
    }

    #[test]
    fn the_table_is_bounded() {
        let limiter = limiter(1.0, 1);
        for address in 0..3 * CALLERS as u32 {
            assert_eq!(limiter.check(CallerId::Ipv4(address), limiter.begin), Ok(()));
        }
        assert!(limiter.callers.len() <= CALLERS);
    }

    proptest! {
        #[test]
        fn no_window_has_more_than_a_burst_and_the_rate(
            per_second in 0.1_f64..1000.0, burst in 1_u32..20,
            gaps in proptest::collection::vec(prop_oneof![Just(0), 0_u64..50_000, 0_u64..5_000_000], 1..300),
        ) {
            let limiter = limiter(per_second, burst);
            let mut now = limiter.begin;
            let mut admitted = Vec::new();
            for microseconds in gaps {
                now += Duration::from_micros(microseconds);
                if limiter.check(ONE, now).is_ok() {
                    admitted.push(now);
                }
            }
            prop_assert!(!admitted.is_empty());
            for (first, begin) in admitted.iter().enumerate() {
                for (last, end) in admitted.iter().enumerate().skip(first) {
                    let allowed = f64::from(burst) + per_second * (*end - *begin).as_secs_f64() + 1e-6;
                    prop_assert!((last - first + 1) as f64 <= allowed);
                }
            }
        }
    }
}
