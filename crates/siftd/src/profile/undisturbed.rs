//! What the host of a virtual machine disturbs is measured again.

use super::ProfileError;
use crate::steal::{FELT, ProcessorTime};

/// A host that always takes more is what the machine is.
const TRIES: u32 = 3;

/// Measurements, and the processor time of those that are kept.
#[derive(Debug)]
pub(super) struct Undisturbed {
    kept: ProcessorTime,
}

impl Undisturbed {
    pub(super) fn new() -> Self {
        Self { kept: ProcessorTime::NONE }
    }

    /// What is measured; of a few tries, that from which the host took least, or the first from which it took next to nothing.
    pub(super) fn measure<T>(
        &mut self,
        mut measure: impl FnMut() -> Result<T, ProfileError>,
    ) -> Result<T, ProfileError> {
        let mut once = || {
            let before = ProcessorTime::now()?;
            let measured = measure()?;
            Ok::<_, ProfileError>((measured, ProcessorTime::now()?.since(before)))
        };
        let (mut kept, mut time) = once()?;
        for _ in 1..TRIES {
            if time.stolen() <= FELT {
                break;
            }
            let again = once()?;
            if again.1.stolen() < time.stolen() {
                (kept, time) = again;
            }
        }
        self.kept = self.kept.and(time);
        Ok(kept)
    }

    /// Share of processor time that the host took from what was kept.
    pub(super) fn stolen(&self) -> f64 {
        self.kept.stolen()
    }
}
