#![no_main]

use extract::Format;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(
    init: siftd_fuzz::tolerate_contained_panics_of_dependencies(),
    |bytes: &[u8]| -> Corpus { siftd_fuzz::decode_as(Format::Png, bytes) }
);
