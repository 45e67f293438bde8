//! How an extraction is bounded and stopped, and that its features do not depend on it.

// The lint's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use extract::{Control, ExtractError, Extractor, Limits, Params, Yielding};

fn chelsea() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pictures/chelsea.jpg");
    std::fs::read(path).expect("the pictures are committed")
}

/// What both ways in give with these bounds.
fn errors(bytes: &[u8], params: &Params, limits: &Limits, control: &Control<'_>) -> [ExtractError; 2] {
    let mut extractor = Extractor::new();
    [
        extractor.extract(bytes, params, limits, control).unwrap_err(),
        extractor.denoise(bytes, params, limits, control).unwrap_err(),
    ]
}

#[test]
fn a_cancelled_extraction_stops() {
    let cancelled = AtomicBool::new(true);
    let control = Control { cancelled: Some(&cancelled), ..Control::default() };
    let errors = errors(&chelsea(), &Params::default(), &Limits::default(), &control);
    assert_eq!(errors, [ExtractError::Cancelled, ExtractError::Cancelled]);
}

#[test]
fn a_deadline_stops_before_and_amid_the_work() {
    for left in [Duration::ZERO, Duration::from_millis(2)] {
        let control = || Control { deadline: Some(Instant::now() + left), ..Control::default() };
        let mut extractor = Extractor::new();
        let stopped = extractor.extract(&chelsea(), &Params::default(), &Limits::default(), &control());
        assert_eq!(stopped.unwrap_err(), ExtractError::DeadlineExceeded, "{left:?}");
        // What was stopped leaves nothing behind in the scratch memory.
        let features = |extractor: &mut Extractor| {
            let run = Control::default();
            extractor.extract(&chelsea(), &Params::default(), &Limits::default(), &run).unwrap().features
        };
        assert!(features(&mut extractor) == features(&mut Extractor::new()), "{left:?}");
    }
}

#[test]
fn limits_come_before_decoding() {
    // Broken behind its header: decoding would find it corrupt.
    let cut = &chelsea()[..5000];
    let allowed = 451 * 300 - 1;
    let limits = Limits { max_pixels: allowed, ..Limits::default() };
    let too_many = ExtractError::TooManyPixels { width: 451, height: 300, allowed };
    let control = Control::default();
    assert_eq!(errors(cut, &Params::default(), &limits, &control), [too_many.clone(), too_many]);

    let limits = Limits { max_bytes: 4999, ..limits };
    let too_long = ExtractError::TooManyBytes { actual: 5000, allowed: 4999 };
    assert_eq!(errors(cut, &Params::default(), &limits, &control), [too_long.clone(), too_long]);
}

#[test]
fn parameters_come_before_everything() {
    let mut params = Params::default();
    params.sift.octave_layers = 0;
    for error in errors(b"", &params, &Limits::default(), &Control::default()) {
        assert!(matches!(error, ExtractError::Params(_)), "{error}");
    }
}

#[test]
fn neither_the_number_of_threads_nor_yielding_changes_anything() {
    let run = |threads: usize, yielding: Yielding| {
        let threads = NonZeroUsize::new(threads).unwrap();
        let control = Control { threads, yielding, ..Control::default() };
        Extractor::new()
            .extract(&chelsea(), &Params::default(), &Limits::default(), &control)
            .unwrap()
            .features
    };
    let alone = run(1, Yielding::Never);
    assert!(alone.keypoints.len() > 50, "{} keypoints", alone.keypoints.len());
    for threads in [2, 3] {
        assert!(run(threads, Yielding::Never) == alone, "{threads} threads give other features than one");
        assert!(run(threads, Yielding::Regularly) == alone, "{threads} threads that yield give others");
    }
}
