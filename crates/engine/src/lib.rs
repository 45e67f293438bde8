//! A cached extraction without HTTP: what a request is, for the service and for whatever else serves features.
//!
//! [`Engine::features`] looks an image's features up by the SHA-256 of its bytes, and computes them where they are not
//! known: identical requests at the same time once ([`Source::Coalesced`]), no more at a time than admission lets in,
//! on threads of their own whose priority is below that of the threads that answer hits.
//!
//! ```
//! use cache::{MemoryConfig, Tiers};
//! use engine::{Config, Engine, Source, Wanted};
//! use extract::Params;
//! use prometheus_client::registry::Registry;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tiers = Tiers::memory(MemoryConfig::default());
//! let engine = Engine::start(Config::default(), tiers, &mut Registry::default())?;
//!
//! let picture = b"P2 8 8 255 ".iter().copied().chain(b"7 ".repeat(64)).collect::<Vec<u8>>();
//! let image = engine.image(picture.into()).await;
//! let answer = engine.features(&image, &Params::default(), Wanted::Summary).await?;
//! assert_eq!(answer.source, Source::Miss { kept: true });
//! assert_eq!(answer.header.keypoints, 0, "a flat picture");
//!
//! let answer = engine.lookup(image.sha256(), &Params::default(), Wanted::Summary).await;
//! assert!(matches!(answer.ok_or("it was just computed")?.source, Source::Hit { .. }));
//! engine.drain().await;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod collector;
mod compute;
mod config;
mod cost;
mod digest;
mod engine;
mod error;
mod flight;
mod image;
mod metrics;
mod turns;

pub use cache::Tier;
pub use capacity::admission::Refusal;
pub use compute::{Done, LARGEST_KEPT_SCRATCH};
pub use config::{Config, ConfigError};
pub use engine::{Answer, Engine, Load, Source, Wanted};
pub use error::Error;
pub use image::Image;
pub use turns::Turns;
