use std::fmt::Debug;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::{BreakerState, Key, StoreError};

/// How much of a value is wanted, or held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// Its first bytes, so many.
    Prefix(usize),
    /// All of it.
    Whole,
}

impl Extent {
    /// What is had of a value of `length` bytes where this is wanted: the whole where the prefix reaches its end.
    pub(crate) fn of(self, length: u64) -> Self {
        match self {
            Self::Prefix(wanted) if (wanted as u64) < length => self,
            _ => Self::Whole,
        }
    }
}

/// A value, or the beginning of one, as a tier holds it.
#[derive(Clone, Debug)]
pub struct Cached {
    /// Exactly what was wanted: a prefix is cut to its length, whichever tier it comes from. It shares its buffer with
    /// the tier where the tier is memory.
    pub value: Bytes,
    /// Whether `value` is all of it. A prefix that reaches the end of the value is [`Extent::Whole`].
    pub extent: Extent,
    /// When it ceases to be an answer.
    pub expires_at: Instant,
}

/// What a tier holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Values.
    pub entries: u64,
    /// Bytes that they take, with what the tier needs to keep them.
    pub bytes: u64,
    /// Values that were removed to make room, since the start.
    pub evictions: u64,
}

/// What a [`Store`] is given at most.
///
/// ```
/// let limits = cache::StoreLimits { concurrent_writes: 16, ..Default::default() };
/// assert_eq!(limits.read_timeout.as_millis(), 50);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoreLimits {
    /// How long a reader waits for [`get`](Store::get). Default 50 ms: what a shared store in the same network needs,
    /// many times over, and less than computing the value.
    pub read_timeout: Duration,
    /// How long each write may take. Nobody waits for it but the writes behind. Default 1 s.
    pub write_timeout: Duration,
    /// How many writes it takes at a time. Default 1; a store behind a network needs more, lest each write cost a round
    /// trip of its own. Those under one key come one after the other whatever this is.
    pub concurrent_writes: usize,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            read_timeout: Duration::from_millis(50),
            write_timeout: Duration::from_secs(1),
            concurrent_writes: 1,
        }
    }
}

impl StoreLimits {
    /// For whoever wraps a store and keeps its times: what is longer than those.
    pub(crate) fn doubled(self) -> Self {
        Self { read_timeout: 2 * self.read_timeout, write_timeout: 2 * self.write_timeout, ..self }
    }
}

/// What a server behind a [`Store`] says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerInfo {
    /// Its name and version, such as `Redis 7.0.15`.
    pub version: String,
    /// Processes that it consists of, replicas included.
    pub processes: u32,
    /// How many processes like this one it has connections for.
    pub clients: u64,
}

/// What a [`Store`] answers, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where values are kept beyond this process's memory.
///
/// A store need not be reliable: it may lose values, be slow or fail. [`Tiers`](crate::Tiers) waits no longer than the
/// store's own timeouts, counts what goes wrong, and takes it for a miss. Whoever wraps a store, to stop asking one that
/// is down for instance, implements this trait, too.
///
/// A call that is dropped before it is done leaves the store in order.
pub trait Store: Send + Sync + Debug + 'static {
    /// Its name in metrics and in `Cache-Status`, such as "disk".
    fn name(&self) -> &'static str;

    /// What it is given of time, and of writes at a time.
    fn limits(&self) -> StoreLimits {
        StoreLimits::default()
    }

    /// Whether it is being asked, for a store that has a breaker before it ([`Guarded`](crate::Guarded)).
    fn breaker(&self) -> Option<BreakerState> {
        None
    }

    /// What is kept under `key`, as much of it as wanted and no more; none if there is nothing or it has expired.
    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>>;

    /// Keeps a whole value, in place of any other under `key`.
    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()>;

    /// Forgets what is kept under `key`. Nothing there is no error.
    fn remove(&self, key: Key) -> Answer<'_, ()>;

    /// Told that what was kept under `key` was found not to be what was stored once: for whoever tells of failures.
    fn was_corrupt(&self, _key: &Key) {}

    /// Removes what has expired, for stores that don't do it by themselves.
    fn purge_expired(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// What it holds, as far as this process knows without asking: nothing, for a store that is shared.
    fn usage(&self) -> Usage {
        Usage::default()
    }

    /// What the server behind it says of itself; none where there is no server. For measurements.
    fn server(&self) -> Answer<'_, Option<ServerInfo>> {
        Box::pin(async { Ok(None) })
    }

    /// Bytes that what is kept under these keys takes, as whoever keeps it accounts for them, replicas included. A store
    /// that cannot tell entries apart tells of all that it holds. For measurements: it may take a while.
    fn footprint<'a>(&'a self, _keys: &'a [Key]) -> Answer<'a, u64> {
        Box::pin(async { Ok(self.usage().bytes) })
    }

    /// Finishes what is under way and takes nothing more.
    fn close(&self) -> Answer<'_, ()>;
}
