//! Variants of what decodes have its pixels; of anything else there is one or an error.
#![no_main]

use extract::{Limits, decode};
use libfuzzer_sys::fuzz_target;
use loadgen::{Mark, Template};

fuzz_target!(init: siftd_fuzz::tolerate_contained_panics_of_dependencies(), |bytes: &[u8]| {
    let Ok(template) = Template::new(bytes.to_vec().into()) else { return };
    let variant = template.variant(&Mark::new(1, 2)).concat();
    let limits = Limits { max_pixels: 1 << 16, ..Limits::default() };
    if let Ok(pixels) = decode(bytes, &limits) {
        assert!(decode(&variant, &limits) == Ok(pixels));
    }
});
