//! Which images the service lets in: the decision itself, which the engine takes and the simulation of plans takes, too.

mod pace;
mod policy;
mod refusal;
mod works;

pub use pace::{Pace, Work};
pub use policy::{Load, Policy, Refused, whole_seconds};
pub use refusal::Refusal;
pub use works::Works;
