//! What memcached says of itself and of items.

use std::str::FromStr;

/// One of the statistics in what `stats` answers.
pub(super) fn statistic<T: FromStr>(statistics: &str, name: &str) -> Option<T> {
    statistics.lines().find_map(|line| line.strip_prefix("STAT ")?.strip_prefix(name)?.trim().parse().ok())
}

/// Bytes that an item takes, from what `me` answers of it and `stats slabs` of all: the chunk that it is in, or itself where
/// it is larger.
pub(super) fn chunk_bytes(item: &str, slabs: &str) -> u64 {
    let flag = |name| item.split(' ').find_map(|word| word.strip_prefix(name));
    let size = flag("size=").and_then(|size| size.parse().ok()).unwrap_or(0);
    let chunk = flag("cls=").and_then(|class| statistic(slabs, &format!("{class}:chunk_size ")));
    chunk.unwrap_or(0).max(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_takes_its_chunk() {
        let slabs = "STAT 3:chunk_size 152\r\nSTAT 31:chunk_size 75112\r\nSTAT active_slabs 2\r\n";
        assert_eq!(chunk_bytes("ME name exp=9 la=1 cas=2 fetch=no cls=31 size=60000", slabs), 75_112);
        assert_eq!(chunk_bytes("ME name exp=9 la=1 cas=2 fetch=no cls=31 size=900000", slabs), 900_000);
        assert_eq!(chunk_bytes("ME name cls=4 size=70", slabs), 70);
        assert_eq!(statistic(slabs, "active_slabs"), Some(2));
        assert_eq!(statistic::<u64>(slabs, "max_connections"), None);
    }
}
