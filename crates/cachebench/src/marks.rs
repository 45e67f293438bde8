use std::time::Duration;

use cache::{Extent, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::entries::{Entries, new_fingerprint};
use crate::load::{read, write};
use crate::measure::{SMALL_VALUE, remove};

/// How long passes between the first half of the marks and the second, which are written just before something is killed: more
/// than Redis keeps from its append-only file with `everysec` (up to two seconds, while the disk is busy with what came
/// before), and than the moments that PostgreSQL may.
pub const LAST_MOMENT: Duration = Duration::from_secs(3);

/// Entries that are written before a process is killed, and counted after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    fingerprint: [u8; 16],
    early: usize,
    late: usize,
}

/// Marks of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// So many were written.
    pub written: usize,
    /// So many of them came back, every byte as it was written.
    pub found: usize,
}

/// What is there after a process was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Of what was written [`LAST_MOMENT`] before, or earlier.
    pub early: Counted,
    /// Of what was written just before.
    pub late: Counted,
}

impl Marks {
    /// None yet.
    #[expect(clippy::new_without_default, reason = "each is different")]
    pub fn new() -> Self {
        Self { fingerprint: new_fingerprint(), early: 0, late: 0 }
    }

    /// Writes marks and waits until the store has taken them. The first time that is the early ones, later the late ones.
    ///
    /// # Errors
    /// The first failure; what was written until then counts.
    pub async fn write(&mut self, store: &dyn Store, count: usize) -> Result<(), StoreError> {
        let late = self.early > 0;
        let from = self.early;
        let entries = Entries::new(self.fingerprint, from + count, SMALL_VALUE);
        for number in from..from + count {
            write(store, store.set(entries.key(number), entries.value(number))).await?;
            *if late { &mut self.late } else { &mut self.early } += 1;
        }
        Ok(())
    }

    /// Counts those that are there, and removes them.
    ///
    /// # Errors
    /// The first lookup that fails; one that finds another value than was written counts as nothing found.
    pub async fn count(&self, store: &dyn Store) -> Result<Kept, StoreError> {
        let entries = Entries::new(self.fingerprint, self.early + self.late, SMALL_VALUE);
        let early = found(store, &entries, 0..self.early).await?;
        let late = found(store, &entries, self.early..self.early + self.late).await?;
        // What cannot be removed expires.
        let _ = remove(store, &entries).await;
        Ok(Kept { early, late })
    }
}

async fn found(
    store: &dyn Store,
    entries: &Entries,
    numbers: std::ops::Range<usize>,
) -> Result<Counted, StoreError> {
    let mut counted = Counted { written: numbers.len(), found: 0 };
    for number in numbers {
        match read(store, store.get(entries.key(number), Extent::Whole)).await {
            Ok(Some(cached)) if cached.value == entries.value(number) => counted.found += 1,
            Ok(_) | Err(StoreError::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(counted)
}
