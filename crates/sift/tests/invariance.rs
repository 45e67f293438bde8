//! The result depends on the image and the parameters alone, and what can't be done is a typed error.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sift::{
    Control, DESCRIPTOR_LENGTH, Descriptor, Descriptors, Detector, Error, Features, Isa, Level, Params,
};

mod pgm;

const THREADS: [usize; 4] = [1, 2, 3, 7];

/// Cases of the property test.
const RANDOM_IMAGES: u32 = 32;

fn threads(n: usize) -> Control<'static> {
    Control { threads: NonZeroUsize::new(n).unwrap(), stop: None }
}

/// The instruction sets of this machine. Those that it lacks are named on stderr itself, which the test runner does not
/// capture, once.
static ISAS: LazyLock<Vec<Isa>> = LazyLock::new(|| {
    let mut stderr = io::stderr();
    let levels = [Level::Scalar, Level::Avx2, Level::Avx512];
    let (run, lacking): (Vec<_>, Vec<_>) =
        levels.into_iter().partition(|&level| Isa::at_most(level).level() == level);
    for level in lacking {
        writeln!(stderr, "NOT RUN: {level:?}, which this machine lacks").unwrap();
    }
    run.into_iter().map(Isa::at_most).collect()
});

/// Every bit of the result.
fn bits(features: &Features) -> (Vec<[u32; 6]>, Vec<u32>) {
    let keypoints = features.keypoints.iter().map(|k| {
        let [x, y, size, angle, response] = [k.x, k.y, k.size, k.angle, k.response].map(f32::to_bits);
        [x, y, size, angle, response, k.octave.cast_unsigned()]
    });
    let descriptors = match &features.descriptors {
        Descriptors::Sift(elements) => elements.iter().copied().map(u32::from).collect(),
        Descriptors::RootSift(elements) => elements.iter().copied().map(f32::to_bits).collect(),
    };
    (keypoints.collect(), descriptors)
}

/// Runs every instruction set on every number of threads, with one detector each and so with used scratch memory, and
/// compares with the scalar result of one thread. Returns the number of keypoints.
fn same_everywhere(image: &pgm::Image, params: &Params) -> usize {
    let &pgm::Image { width, height, ref grey } = image;
    let expected = Detector::with_isa(Isa::at_most(Level::Scalar))
        .detect(grey, width, height, params, &Control::SINGLE_THREADED)
        .unwrap();
    for &isa in ISAS.iter() {
        let mut detector = Detector::with_isa(isa);
        for n in THREADS {
            let found = detector.detect(grey, width, height, params, &threads(n)).unwrap();
            assert_eq!(
                bits(&found),
                bits(&expected),
                "{isa:?} on {n} threads, {width} x {height}, {params:?}"
            );
        }
    }
    expected.keypoints.len()
}

#[test]
fn a_photograph_gives_the_same_bits_on_all_threads_and_instruction_sets() {
    // 256 rows, doubled, are enough for a band for each of seven threads.
    let image = pgm::read("tripod");
    for descriptor in [Descriptor::Sift, Descriptor::RootSift] {
        // More than eight take several turns of marking, and have kernels of few taps.
        for octave_layers in [1, 3, 4, 9, 17] {
            let params = Params { octave_layers, descriptor, ..Params::default() };
            let keypoints = same_everywhere(&image, &params);
            assert!(keypoints > 20, "only {keypoints} with {params:?}");
        }
    }
}

/// Squares of random grey, `cell` px wide: something to find at every scale.
fn mosaic(width: usize, height: usize, cell: usize, seed: u64) -> pgm::Image {
    let shade = |i: usize| {
        let (x, y) = (i % width / cell, i / width / cell);
        // SplitMix64's finaliser.
        let mut z = seed.wrapping_add(((y * 4096 + x) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 56) as u8
    };
    pgm::Image { width, height, grey: (0..width * height).map(shade).collect() }
}

/// Wider than strips are, whose rows threads share out equally and give to the next octave from several strips.
#[test]
fn a_wide_image_gives_the_same_bits_on_all_threads_and_instruction_sets() {
    let image = mosaic(1430, 150, 7, 5);
    let keypoints = same_everywhere(&image, &Params::default());
    assert!(keypoints > 1000, "only {keypoints}");
}

/// Kernels of up to 1,775 taps and of one, levels that hardly differ.
#[test]
fn parameters_at_the_ends_of_their_ranges_give_the_same_bits_everywhere() {
    let image = mosaic(61, 50, 9, 3);
    for (octave_layers, sigma) in [(1, 32.0), (32, 32.0), (1, 0.1), (32, 0.1), (3, 0.1)] {
        let params = Params {
            octave_layers,
            sigma,
            contrast_threshold: 0.0,
            edge_threshold: 1e9,
            ..Params::default()
        };
        same_everywhere(&image, &params);
    }
}

/// What is left out before it has a direction is what would be left out in the end.
#[test]
fn the_strongest_are_the_strongest_of_all() {
    let images = [pgm::read("tripod"), mosaic(200, 300, 5, 7)];
    for image @ pgm::Image { width, height, grey } in &images {
        let found = |max_features, control: &Control<'_>| {
            let params = Params { max_features, ..Params::default() };
            Detector::new().detect(grey, *width, *height, &params, control).unwrap()
        };
        let all = found(0, &Control::default());
        let mut responses: Vec<f32> = all.keypoints.iter().map(|keypoint| keypoint.response).collect();
        responses.sort_by(|a, b| b.total_cmp(a));
        for wanted in [1, 2, 10, 60, responses.len() / 2, responses.len() - 1, responses.len(), 100_000] {
            let weakest = responses.get(wanted - 1).copied().unwrap_or(0.0);
            let mut expected = Features { keypoints: Vec::new(), descriptors: Descriptors::Sift(Vec::new()) };
            let (Descriptors::Sift(from), Descriptors::Sift(to)) =
                (&all.descriptors, &mut expected.descriptors)
            else {
                panic!("descriptors are not of the default kind")
            };
            for (keypoint, descriptor) in all.keypoints.iter().zip(from.chunks(DESCRIPTOR_LENGTH)) {
                if keypoint.response >= weakest {
                    expected.keypoints.push(*keypoint);
                    to.extend(descriptor);
                }
            }
            for n in THREADS {
                let strongest = found(wanted as u32, &threads(n));
                assert_eq!(bits(&strongest), bits(&expected), "{wanted} on {n} threads, {} px", image.width);
            }
        }
    }
}

fn any_params() -> impl Strategy<Value = Params> {
    (0_u32..30, 1_u32..6, 0.0..0.08, 1.1..30.0, 0.5..3.0, any::<bool>()).prop_map(
        |(max_features, octave_layers, contrast_threshold, edge_threshold, sigma, precise_upscale)| Params {
            max_features,
            octave_layers,
            contrast_threshold,
            edge_threshold,
            sigma,
            precise_upscale,
            descriptor: Descriptor::Sift,
        },
    )
}

#[test]
fn random_images_give_the_same_bits_on_all_threads_and_instruction_sets() {
    let config = Config { cases: RANDOM_IMAGES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let images = (1_usize..60, 1_usize..240, 1_usize..9, any::<u64>())
        .prop_map(|(width, height, cell, seed)| mosaic(width, height, cell, seed));
    let keypoints = AtomicUsize::new(0);
    runner
        .run(&(images, any_params()), |(image, params)| {
            keypoints.fetch_add(same_everywhere(&image, &params), Ordering::Relaxed);
            Ok(())
        })
        .unwrap();
    assert!(keypoints.into_inner() > 200, "the random images had nothing to find");
}

#[test]
fn a_panic_of_one_thread_is_that_of_the_call_and_leaves_nobody_waiting() {
    let image = pgm::read("wall");
    let caller = std::thread::current().id();
    for stop in [&|| std::thread::current().id() == caller, &|| std::thread::current().id() != caller]
        as [&(dyn Fn() -> bool + Sync); 2]
    {
        let stop = || stop().then(|| panic!("asked")).is_some();
        let call = || {
            let control = Control { stop: Some(&stop), ..threads(2) };
            Detector::new().detect(&image.grey, image.width, image.height, &Params::default(), &control)
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err());
    }
}

#[test]
fn a_stop_flag_ends_the_call_at_once_and_midway() {
    let image = pgm::read("tripod");
    let mut detector = Detector::new();
    let mut detect = |control: &Control<'_>| {
        detector.detect(&image.grey, image.width, image.height, &Params::default(), control)
    };
    for n in THREADS {
        assert_eq!(detect(&Control { stop: Some(&|| true), ..threads(n) }), Err(Error::Stopped));
        let asked = AtomicUsize::new(0);
        let midway = || asked.fetch_add(1, Ordering::Relaxed) >= 5;
        assert_eq!(detect(&Control { stop: Some(&midway), ..threads(n) }), Err(Error::Stopped));
        let never = detect(&Control { stop: Some(&|| false), ..threads(n) });
        assert_eq!(never, detect(&Control::default()), "after a stop, on {n} threads");
    }
}

#[test]
fn buffers_of_the_wrong_size_are_refused() {
    for (bytes, width, height, expected) in
        [(0, 1, 1, 1), (11, 3, 4, 12), (13, 3, 4, 12), (1, 0, 5, 0), (4, usize::MAX, 2, usize::MAX)]
    {
        let error = Detector::new()
            .detect(&vec![0; bytes], width, height, &Params::default(), &Control::default())
            .unwrap_err();
        assert_eq!(error, Error::BufferSize { width, height, expected, actual: bytes });
    }
}

#[test]
fn an_image_without_pixels_has_no_features() {
    for (width, height) in [(0, 0), (0, 7), (7, 0)] {
        let found =
            Detector::new().detect(&[], width, height, &Params::default(), &Control::default()).unwrap();
        assert!(found.keypoints.is_empty() && found.descriptors.is_empty());
    }
}

#[test]
fn parameters_out_of_range_are_named() {
    let default = Params::default();
    let wrong = [
        ("octave_layers", Params { octave_layers: 0, ..default }),
        ("octave_layers", Params { octave_layers: 33, ..default }),
        ("contrast_threshold", Params { contrast_threshold: -0.1, ..default }),
        ("contrast_threshold", Params { contrast_threshold: f64::INFINITY, ..default }),
        ("edge_threshold", Params { edge_threshold: 0.0, ..default }),
        ("edge_threshold", Params { edge_threshold: f64::NAN, ..default }),
        ("sigma", Params { sigma: 0.09, ..default }),
        ("sigma", Params { sigma: f64::NAN, ..default }),
    ];
    for (name, params) in wrong {
        let error = Detector::new().detect(&[0], 1, 1, &params, &Control::default()).unwrap_err();
        let Error::Params(error) = error else { panic!("{name}: {error}") };
        assert_eq!(error.name, name);
        assert!(error.to_string().contains("must be"), "{error}");
    }
}
