use serde::Serialize;

/// What entries of a size take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Footprint {
    /// Bytes of the values.
    pub value_bytes: usize,
    /// Entries that it was reckoned over.
    pub entries: usize,
    /// Bytes of an entry with all that is kept for it, as the server accounts for it, replicas included.
    pub bytes_per_entry: f64,
}
