//! All paths agree with the definition: instruction sets, threads, windows, small images.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use nlm::{ColoredParams, Control, Denoiser, Error, Image, Isa, Level, Params, reference};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The same cases in every run.
fn runner(cases: u32) -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    TestRunner::new_with_rng(Config { cases, failure_persistence: None, ..Config::default() }, rng)
}

#[derive(Debug)]
struct Case {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    channels: usize,
    params: Params,
}

fn case() -> impl Strategy<Value = Case> {
    let params = (prop_oneof![Just(0.0f32), 0.1f32..200.0], 1u32..12, 1u32..14)
        .prop_map(|(h, template_window, search_window)| Params { h, template_window, search_window });
    let size = (1usize..28, 1usize..20, 1usize..=4, 1u8..=255);
    (size, params).prop_flat_map(|((width, height, channels, range), params)| {
        prop::collection::vec(0..=range, width * height * channels).prop_map(move |pixels| Case {
            pixels,
            width,
            height,
            channels,
            params,
        })
    })
}

fn threads(threads: usize) -> Control<'static> {
    Control { threads: NonZeroUsize::new(threads).unwrap(), stop: None }
}

fn agrees_with_the_reference(level: Level) {
    let isa = Isa::at_most(level);
    if isa.level() != level {
        println!("{level:?}: not run, this machine has {:?}", isa.level());
        return;
    }
    let denoiser = RefCell::new(Denoiser::with_isa(isa));
    runner(150)
        .run(&case(), |case| {
            let image = Image::new(&case.pixels, case.width, case.height, case.channels).unwrap();
            let expected = reference::denoise(image, &case.params).unwrap();
            for threads in [1, 2, 3, 7].map(threads) {
                prop_assert_eq!(
                    &denoiser.borrow_mut().denoise(image, &case.params, &threads).unwrap(),
                    &expected
                );
            }
            Ok(())
        })
        .unwrap();
}

macro_rules! for_each_level {
    ($($name:ident: $level:expr;)*) => {
        $(#[test]
        fn $name() {
            agrees_with_the_reference($level);
        })*
    };
}

for_each_level! {
    scalar_agrees_with_the_reference: Level::Scalar;
    avx2_agrees_with_the_reference: Level::Avx2;
    avx512_agrees_with_the_reference: Level::Avx512;
}

#[test]
fn parameters_out_of_range_are_named() {
    let image = Image::new(&[1, 2, 3], 1, 1, 3).unwrap();
    let bad = [
        (Params { h: -1.0, ..Params::default() }, "h is -1"),
        (Params { h: f32::NAN, ..Params::default() }, "h is NaN"),
        (Params { template_window: 0, ..Params::default() }, "template_window is 0"),
        (Params { template_window: 128, ..Params::default() }, "template_window is 128"),
        (Params { search_window: 0, ..Params::default() }, "search_window is 0"),
        (Params { search_window: 2902, ..Params::default() }, "search_window is 2902"),
    ];
    for (params, said) in bad {
        let error = Denoiser::new().denoise(image, &params, &Control::default()).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
    }
    let params = ColoredParams { h_color: f32::INFINITY, ..ColoredParams::default() };
    let error = Denoiser::new().denoise_colored(image, &params, &Control::default()).unwrap_err();
    assert!(error.to_string().starts_with("h_color is inf"), "{error}");
}

#[test]
fn images_that_do_not_fit_their_size_are_refused() {
    assert!(matches!(Image::new(&[0; 7], 2, 4, 1), Err(Error::BufferSize { expected: 8, actual: 7, .. })));
    assert!(matches!(Image::new(&[0; 10], 1, 2, 5), Err(Error::Channels { actual: 5, .. })));
    let grey = Image::new(&[0; 4], 2, 2, 1).unwrap();
    let error = Denoiser::new().denoise_colored(grey, &ColoredParams::default(), &Control::default());
    assert_eq!(error, Err(Error::Channels { actual: 1, allowed: "3" }));
}

#[test]
fn an_image_without_pixels_stays_so() {
    let image = Image::new(&[], 0, 5, 1).unwrap();
    assert_eq!(Denoiser::new().denoise(image, &Params::default(), &Control::default()), Ok(Vec::new()));
}

#[test]
fn stops_when_it_is_told_to() {
    let pixels = vec![9; 64 * 64];
    let image = Image::new(&pixels, 64, 64, 1).unwrap();
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) >= 10;
    let control = Control { stop: Some(&stop), ..threads(2) };
    assert_eq!(Denoiser::new().denoise(image, &Params::default(), &control), Err(Error::Stopped));
    assert!(asked.into_inner() < 20, "both threads stop soon after");
}
