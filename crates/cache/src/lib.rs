//! Where values are kept under a key: memory in front, a store that outlives the process behind it, both bounded and with
//! a time to live. Knows bytes and keys only.
//!
//! ```
//! use std::sync::Arc;
//! use cache::{DiskConfig, DiskStore, Extent, Key, MemoryConfig, Tier, Tiers};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let runtime = tokio::runtime::Runtime::new()?;
//! let open = || -> Result<Tiers, cache::StoreError> {
//!     let disk = DiskStore::open(DiskConfig::new(folder.path()))?;
//!     Ok(Tiers::memory_and(MemoryConfig::default(), Arc::new(disk), runtime.handle()))
//! };
//! let key = Key { engine_version: 2, fingerprint: [0; 16], digest: [7; 32] };
//!
//! let tiers = open()?;
//! tiers.insert(key, b"header, then much more".to_vec().into());
//! let cached = tiers.get_memory(&key, Extent::Prefix(6)).ok_or("just inserted")?;
//! assert_eq!(cached.value, "header");
//! runtime.block_on(tiers.close());
//! drop(tiers);
//!
//! let again = open()?;
//! let lookup = runtime.block_on(again.get(&key, Extent::Whole, |_| true)).ok_or("kept on disk")?;
//! assert_eq!(lookup.tier, Tier::Store("disk"));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod breaker;
mod disk;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod guarded;
mod key;
mod logged;
mod memcached;
mod memory;
mod postgres;
mod redis;
mod sharded;
mod shared;
mod statistics;
mod store;
mod tiers;
mod weighed;
mod write_behind;

pub use self::postgres::{PostgresConfig, PostgresStore};
pub use self::redis::{RedisConfig, RedisServers, RedisStore};
pub use breaker::{BreakerConfig, BreakerState};
pub use disk::{DiskConfig, DiskStore, Recovery};
pub use error::{ErrorKind, StoreError};
pub use guarded::{GuardConfig, Guarded, OnChange};
pub use key::{Key, UnknownKey};
pub use logged::{Logged, OnFailure};
pub use memcached::{MemcachedConfig, MemcachedStore};
pub use memory::MemoryConfig;
pub use sharded::Sharded;
pub use shared::{Credentials, HostPort, KeyPrefix, SharedConfig, UnusablePrefix};
pub use statistics::{Tier, TierStatistics};
pub use store::{Answer, Cached, Extent, ServerInfo, Store, StoreLimits, Usage};
pub use tiers::{Lookup, Tiers};
