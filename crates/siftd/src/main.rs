//! siftd.
#![forbid(unsafe_code)]

fn main() {}
