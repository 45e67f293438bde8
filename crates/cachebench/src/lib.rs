//! What caches do, measured: how fast they are and how far they scale, what an entry takes in them, and what is there after a
//! process was killed.
//!
//! [`measure`] measures one [`Store`](cache::Store); [`Marks`] are entries that are written before something is killed and
//! counted after it; a [`Report`] is what was found of several, as a document and as a picture.
#![forbid(unsafe_code)]

mod document;
mod entries;
mod footprint;
mod kind;
mod load;
mod marks;
mod measure;
mod memory;
mod picture;
mod report;
mod tally;

pub use footprint::Footprint;
pub use kind::Kind;
pub use load::{Measurement, Operation};
pub use marks::{Counted, Kept, LAST_MOMENT, Marks};
pub use measure::{Config, LARGEST_VALUE, Measured, Rate, measure, reach};
pub use memory::MemoryStore;
pub use picture::picture;
pub use report::{CacheReport, Persistence, Report, SCHEMA, Server, Settings};
pub use tally::Latency;
