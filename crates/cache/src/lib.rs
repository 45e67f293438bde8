//! Where values are kept under a key. Knows bytes and keys only.
#![forbid(unsafe_code)]

mod disk;
mod error;
mod eviction;
mod key;
mod store;

pub use disk::{DiskConfig, DiskStore, Recovery};
pub use error::{ErrorKind, StoreError};
pub use key::{Key, UnknownKey};
pub use store::{Answer, Cached, Extent, Store, Usage};
