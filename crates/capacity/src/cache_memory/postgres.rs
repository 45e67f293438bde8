use std::collections::VecDeque;

use super::{Entry, Footprint};

const PAGE_BYTES: u64 = 8192;
const PAGE_HEADER_BYTES: u64 = 24;
/// A page's pointer to a row.
const POINTER_BYTES: u64 = 4;
/// A row's header, aligned.
const ROW_HEADER_BYTES: u64 = 24;
/// Everything is aligned to this (`MAXALIGN`).
const ALIGNMENT: u64 = 8;
/// A row longer than this has its longest values moved out (`TOAST_TUPLE_TARGET`).
const LONGEST_ROW: u64 = 2032;
/// Bytes of a value in each row that it is cut into (`TOAST_MAX_CHUNK_SIZE`).
const SLICE_BYTES: u64 = 1996;
/// What is left in the row of a value that was moved out.
const MOVED_OUT_BYTES: u64 = 18;
/// Values up to this have a header of one byte, unaligned.
const SHORT_MOST: u64 = 126;
/// An index's row: its header.
const INDEX_HEADER_BYTES: u64 = 8;
/// What a page of an index keeps for itself at its end.
const INDEX_SPECIAL_BYTES: u64 = 16;
/// How full pages of an index are that grows at its end (`fillfactor`), and one that grows everywhere: ln 2 (Andrew C. Yao, *On
/// random 2-3 trees*, 1978).
const ASCENDING_FILL: f64 = 0.9;
const RANDOM_FILL: f64 = std::f64::consts::LN_2;

/// PostgreSQL 12 to 17: a table of key (`text`, primary key), value (`bytea`, `STORAGE EXTERNAL`) and time of expiry
/// (`timestamptz`, with an index). `src/include/access/htup_details.h`, `heaptoast.h`, `nbtree.h`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Postgres {
    /// Rows that are dead and not yet reused, as a share of those that live: up to 0.2 before autovacuum comes
    /// (`autovacuum_vacuum_scale_factor`), 0 if nothing was ever replaced.
    pub dead_share: f64,
}

impl Postgres {
    /// What an entry takes of the files of table, its values moved out, and indexes.
    pub fn footprint(&self, entry: Entry) -> Footprint {
        let Entry { key_bytes, value_bytes, expires } = entry;
        let moved = row_bytes(key_bytes, value_bytes, false) > LONGEST_ROW;
        let row = row_bytes(key_bytes, value_bytes, moved);
        let alive = 1.0 + self.dead_share;
        let mut parts = vec![("row", rows_share(&[row]) * alive)];
        if moved {
            let full = value_bytes / SLICE_BYTES;
            let slice = |bytes: u64| (ROW_HEADER_BYTES + 8 + 4 + bytes).next_multiple_of(ALIGNMENT);
            let mut slices = vec![slice(SLICE_BYTES); full as usize];
            if !value_bytes.is_multiple_of(SLICE_BYTES) {
                slices.push(slice(value_bytes % SLICE_BYTES));
            }
            let rows = slices.len() as f64;
            parts.push(("value, in slices", rows_share(&slices) * alive));
            parts.push(("index of slices", index_share(8, ASCENDING_FILL) * rows * alive));
        }
        parts.push(("index of keys", index_share(text_bytes(key_bytes), RANDOM_FILL) * alive));
        if expires {
            parts.push(("index of expiries", index_share(8, ASCENDING_FILL) * alive));
        }
        Footprint { parts }
    }
}

/// A text or `bytea` with its header.
fn text_bytes(length: u64) -> u64 {
    if length <= SHORT_MOST { 1 + length } else { 4 + length }
}

/// A row of key, value and time of expiry, aligned.
fn row_bytes(key_bytes: u64, value_bytes: u64, moved: bool) -> u64 {
    let mut length = ROW_HEADER_BYTES + text_bytes(key_bytes);
    if moved {
        length += MOVED_OUT_BYTES;
    } else {
        if value_bytes > SHORT_MOST {
            length = length.next_multiple_of(4);
        }
        length += text_bytes(value_bytes);
    }
    length.next_multiple_of(ALIGNMENT) + 8
}

/// Bytes of pages for each group of rows, laid one after another into the first page that has room, as the map of free
/// space finds it.
fn rows_share(rows: &[u64]) -> f64 {
    const GROUPS: usize = 1000;
    /// Pages that are looked at; what is left in older ones stays unused.
    const OPEN: usize = 32;
    let mut pages = 0_u64;
    let mut open: VecDeque<u64> = VecDeque::with_capacity(OPEN + 1);
    for needed in (0..GROUPS).flat_map(|_| rows).map(|row| row + POINTER_BYTES) {
        if let Some(left) = open.iter_mut().find(|left| **left >= needed) {
            *left -= needed;
            continue;
        }
        pages += 1;
        open.push_back((PAGE_BYTES - PAGE_HEADER_BYTES).saturating_sub(needed));
        if open.len() > OPEN {
            open.pop_front();
        }
    }
    (pages * PAGE_BYTES) as f64 / GROUPS as f64
}

/// Bytes of an index's leaves for each entry, and a hundredth more for the levels above.
fn index_share(key_bytes: u64, fill: f64) -> f64 {
    let entry = (INDEX_HEADER_BYTES + key_bytes).next_multiple_of(ALIGNMENT) + POINTER_BYTES;
    let room = (PAGE_BYTES - PAGE_HEADER_BYTES - INDEX_SPECIAL_BYTES) as f64 * fill;
    PAGE_BYTES as f64 * 1.01 / (room / entry as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_slices_fill_a_page() {
        let entry = Entry { key_bytes: 107, value_bytes: 4 * SLICE_BYTES, expires: true };
        let parts = Postgres { dead_share: 0.0 }.footprint(entry).parts;
        assert_eq!(parts[1], ("value, in slices", 8192.0));
    }

    #[test]
    fn short_values_stay_in_their_row() {
        let entry = Entry { key_bytes: 107, value_bytes: 128, expires: true };
        let footprint = Postgres { dead_share: 0.0 }.footprint(entry);
        assert!(footprint.parts.iter().all(|(name, _)| !name.contains("slices")));
        let dead = Postgres { dead_share: 0.2 }.footprint(entry);
        assert!((dead.bytes() / footprint.bytes() - 1.2).abs() < 1e-9);
    }
}
