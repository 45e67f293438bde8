//! Inputs that were found, or might have been, by the fuzz targets: what they promise holds for each.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use cache::fuzzing::read_memcached;

#[test]
fn replies_of_memcached_are_the_same_however_they_are_cut() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut read = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let at_once = read_memcached(&bytes[1..], NonZeroUsize::MAX);
        for chunk in 1..=256 {
            let cut = read_memcached(&bytes[1..], NonZeroUsize::new(chunk).unwrap());
            assert_eq!(cut, at_once, "{} in chunks of {chunk}", path.display());
        }
        read += 1;
    }
    assert!(read > 0);
}
