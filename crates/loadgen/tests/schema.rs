//! The published schema of the result is that of the code.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::{env, fs};

#[test]
fn the_published_schema_is_current() {
    let schema = schemars::schema_for!(loadgen::Report);
    let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/load.schema.json");
    if env::var_os("SIFTD_BLESS").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap();
    let differs = published.lines().zip(current.lines()).find(|(published, current)| published != current);
    assert_eq!(differs, None, "make it anew: SIFTD_BLESS=1 cargo test -p loadgen --test schema");
    assert_eq!(published.lines().count(), current.lines().count());
}
