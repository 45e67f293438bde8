//! What the fuzz targets share: the invariants, and which panics are findings.

use std::collections::BTreeSet;
use std::panic::PanicHookInfo;
use std::sync::Mutex;

use extract::{Format, Limits};
use libfuzzer_sys::Corpus;

/// Tight enough that a finding is a finding, not a large picture.
const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_pixels: 1 << 20 };

/// Decodes inputs of one format and rejects the others; a picture must be whole and truthful.
pub fn decode_as(format: Format, bytes: &[u8]) -> Corpus {
    if Format::sniff(bytes) != Ok(format) {
        return Corpus::Reject;
    }
    if let Ok(image) = extract::decode(bytes, &LIMITS) {
        let area = image.width() * image.height();
        assert!(area > 0 && area as u64 <= LIMITS.max_pixels);
        assert_eq!(image.pixels().len(), 3 * area);
        assert!(!image.is_grey() || image.pixels().chunks_exact(3).all(|pixel| pixel == [pixel[0]; 3]));
    }
    Corpus::Keep
}

/// libFuzzer's hook aborts on every panic. A panic of a third-party decoder that `decode` contains is within
/// its contract: it is listed on stderr, once for each place, and the run goes on. Any other still aborts.
pub fn tolerate_contained_panics_of_dependencies() {
    static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !(extract::panic_is_contained() && is_in_a_dependency(info)) {
            abort(info);
        }
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        if SEEN.lock().is_ok_and(|mut seen| seen.insert(place)) {
            eprintln!("contained: {info}");
        }
    }));
}

fn is_in_a_dependency(info: &PanicHookInfo<'_>) -> bool {
    info.location().is_some_and(|location| location.file().contains("/registry/src/"))
}
