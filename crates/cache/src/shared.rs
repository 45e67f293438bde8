//! What the stores behind a network have in common.

mod address;
mod envelope;
mod link;
mod prefix;

use std::time::{Duration, SystemTime};

pub(crate) use self::address::listed;
pub use self::address::{Credentials, HostPort};
pub(crate) use self::envelope::{CHECKED, Envelope, WHOLE, reach};
pub(crate) use self::link::{Link, Linked, Links};
pub use self::prefix::{KeyPrefix, UnusablePrefix};
use crate::{Key, StoreLimits};

/// What holds for every store that several processes share.
///
/// ```
/// let shared = cache::SharedConfig { prefix: "pictures:".parse()?, ..Default::default() };
/// assert_eq!(shared.read_timeout.as_millis(), 50);
/// # Ok::<(), cache::UnusablePrefix>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedConfig {
    /// What the names of all entries begin with. Default `siftd:`. Processes that are to share have the same.
    pub prefix: KeyPrefix,
    /// How long a value is an answer, less up to a tenth that depends on its key: what is stored together does not
    /// expire together. Default 3600 s.
    pub ttl: Duration,
    /// How long a lookup may take. Default 50 ms.
    pub read_timeout: Duration,
    /// How long a write may take. Nobody waits for it but other writes. Default 1 s.
    pub write_timeout: Duration,
}

impl Default for SharedConfig {
    fn default() -> Self {
        Self {
            prefix: KeyPrefix::default(),
            ttl: Duration::from_secs(3600),
            read_timeout: Duration::from_millis(50),
            write_timeout: Duration::from_secs(1),
        }
    }
}

/// Connecting to a host that is there takes no longer: more than an answer, over TLS and from afar. Nobody waits for it longer than
/// for an answer.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long one of several hosts, or of the addresses of a name, is waited for before the others have their turn.
pub(crate) const HOST_TIMEOUT: Duration = Duration::from_secs(1);

/// What is sent and not acknowledged for so long ends a connection: the other host is gone.
pub(crate) const USER_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections to each server on which requests follow each other without waiting: one for lookups and one for writes, since a large value
/// that is on its way there holds up what comes behind it.
pub(crate) const CONNECTIONS: u64 = 2;

/// Writes at a time, so that their rate is not bound by the time of a round trip.
const CONCURRENT_WRITES: usize = 16;

impl SharedConfig {
    pub(crate) fn limits(&self) -> StoreLimits {
        let Self { read_timeout, write_timeout, .. } = *self;
        StoreLimits { read_timeout, write_timeout, concurrent_writes: CONCURRENT_WRITES }
    }

    /// The name of an entry.
    pub(crate) fn name(&self, key: &Key) -> String {
        // Enough for any prefix and key.
        let mut name = String::with_capacity(192);
        name.push_str(self.prefix.as_str());
        // Writing to memory does not fail.
        let _ = key.write(&mut name);
        name
    }

    /// How long the value under a key is kept, at least 1 ms.
    pub(crate) fn ttl_of(&self, key: &Key) -> Duration {
        // A digest is as good as random.
        let [first, second, ..] = key.digest;
        let share = f64::from(u16::from_le_bytes([first, second])) / f64::from(u16::MAX);
        self.ttl.mul_f64(1.0 - 0.1 * share).max(Duration::from_millis(1))
    }
}

/// Milliseconds since 1970 of a time, 0 for those before.
pub(crate) fn unix_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_live_are_spread_by_key_and_never_longer_than_asked() {
        let shared = SharedConfig::default();
        let ttl = |first| {
            let mut digest = [0; 32];
            digest[..2].copy_from_slice(&u16::to_le_bytes(first));
            shared.ttl_of(&Key { engine_version: 1, fingerprint: [0; 16], digest })
        };
        assert_eq!(ttl(0), shared.ttl);
        assert_eq!(ttl(u16::MAX).as_secs(), 3240);
        assert!(ttl(u16::MAX / 2) < shared.ttl && ttl(u16::MAX / 2) > ttl(u16::MAX));
        let brief = SharedConfig { ttl: Duration::ZERO, ..SharedConfig::default() };
        assert_eq!(
            brief.ttl_of(&Key { engine_version: 1, fingerprint: [0; 16], digest: [9; 32] }).as_millis(),
            1
        );
    }
}
