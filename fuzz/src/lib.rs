//! What the fuzz targets share: the invariants, and which panics are findings.

use std::collections::BTreeSet;
use std::panic::PanicHookInfo;
use std::sync::Mutex;

use extract::{Control, Denoise, Extractor, Format, Limits, Params};
use libfuzzer_sys::Corpus;

/// Tight enough that a finding is a finding, not a large picture.
const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_pixels: 1 << 20 };

/// Largest picture that goes through the whole pipeline; the kernels' work grows with it.
const EXTRACTED_PIXELS: usize = 1 << 10;

/// Takes an input that decodes through the whole pipeline.
fn extract_all(bytes: &[u8]) {
    let luma = nlm::Params { search_window: 3, ..nlm::Params::default() };
    let denoise = Denoise::Nlm(nlm::ColoredParams { luma, ..nlm::ColoredParams::default() });
    let params = Params { denoise, ..Params::default() };
    let found = Extractor::new().extract(bytes, &params, &LIMITS, &Control::default());
    let features = found.expect("what decodes has features").features;
    let stored = features.to_siftd().expect("features are consistent");
    assert_eq!(extract::FeatureSet::from_siftd(&stored).expect("what was written is read"), features);
}

/// Decodes inputs of one format and rejects the others; a picture must be whole and truthful.
pub fn decode_as(format: Format, bytes: &[u8]) -> Corpus {
    if Format::sniff(bytes) != Ok(format) {
        return Corpus::Reject;
    }
    let probe = extract::probe(bytes, &LIMITS);
    if let Ok(image) = extract::decode(bytes, &LIMITS) {
        let area = image.width() * image.height();
        let probe = probe.expect("what decodes passes the probe");
        assert_eq!((probe.format, probe.pixels()), (format, area as u64));
        assert!(area > 0 && area as u64 <= LIMITS.max_pixels);
        assert_eq!(image.pixels().len(), 3 * area);
        if area <= EXTRACTED_PIXELS {
            extract_all(bytes);
        }
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
