//! Where values are kept under a key. Knows bytes and keys only.
#![forbid(unsafe_code)]

mod error;
mod key;
mod store;

pub use error::{ErrorKind, StoreError};
pub use key::{Key, UnknownKey};
pub use store::{Answer, Cached, Extent, Store, Usage};
