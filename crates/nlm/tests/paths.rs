//! All paths agree with the definition: instruction sets, threads, windows, small images.

#![allow(clippy::unwrap_used)]

use std::fmt::{self, Debug, Formatter};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Once};

use nlm::{ColoredParams, Control, Denoiser, Error, Image, Isa, Level, Params, reference};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The same cases in every run.
fn runner() -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    TestRunner::new_with_rng(Config::default(), rng)
}

struct Case {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    channels: usize,
    params: Params,
}

impl Case {
    fn image(&self) -> Image<'_> {
        Image::new(&self.pixels, self.width, self.height, self.channels).unwrap()
    }
}

impl Debug for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { width, height, channels, params, .. } = self;
        write!(f, "{width}x{height}x{channels}, {params:?}")
    }
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

/// Pictures and windows as they are in use, in which windows are alike, nearly so, or as different as can be.
fn large_case() -> impl Strategy<Value = Case> {
    let h = prop_oneof![Just(10.0f32), Just(0.0), 0.5f32..9.0, 10.0f32..15.0, 20.0f32..400.0];
    let template_window = prop_oneof![4 => Just(7u32), 1 => 13u32..22];
    let search_window = prop_oneof![3 => Just(21u32), 2 => 3u32..36, 1 => 60u32..68];
    let params = (h, template_window, search_window).prop_map(|(h, template_window, search_window)| Params {
        h,
        template_window,
        search_window,
    });
    let size = (20usize..90, 12usize..60, 1usize..=4);
    let grain = (1usize..12, 1u8..=30, any::<bool>(), any::<u64>());
    (size, params, grain).prop_map(|((width, height, channels), params, grain)| {
        let pixels = picture(width * channels, height, grain);
        Case { pixels, width, height, channels, params }
    })
}

/// Squares of `side` px of any grey, or of black and white, and noise of up to `noise` on them.
fn picture(width: usize, height: usize, (side, noise, black_white, seed): (usize, u8, bool, u64)) -> Vec<u8> {
    let mut state = seed | 1;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let squares: Vec<u8> = (0..width.div_ceil(side) * height.div_ceil(side))
        .map(|_| if black_white { 255 * (random() & 1) } else { random() })
        .collect();
    let square = |x: usize, y: usize| squares[y / side * width.div_ceil(side) + x / side];
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| square(x, y).saturating_sub(random() % noise))
        .collect()
}

/// Cases and what the definition gives for them.
fn cases(count: u32, case: impl Strategy<Value = Case>) -> Vec<(Case, Vec<u8>)> {
    let mut runner = runner();
    (0..count).map(|_| solved(case.new_tree(&mut runner).unwrap().current())).collect()
}

fn solved(case: Case) -> (Case, Vec<u8>) {
    let expected = reference::denoise(case.image(), &case.params).unwrap();
    (case, expected)
}

static SMALL: LazyLock<Vec<(Case, Vec<u8>)>> = LazyLock::new(|| cases(150, case()));
static LARGE: LazyLock<Vec<(Case, Vec<u8>)>> = LazyLock::new(|| cases(30, large_case()));

/// The instruction set of this level; what the machine lacks is told.
fn isa(level: Level) -> Option<Isa> {
    let isa = Isa::at_most(level);
    if isa.level() != level {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            // Not by a macro, whose output a test that passes keeps to itself.
            let _ = writeln!(io::stderr(), "nothing above {:?} is run: this machine lacks it", isa.level());
        });
    }
    (isa.level() == level).then_some(isa)
}

/// Those that this machine has.
fn isas() -> impl Iterator<Item = Isa> {
    [Level::Scalar, Level::Avx2, Level::Avx512].into_iter().filter_map(isa)
}

fn agrees_with_the_reference(level: Level, cases: &[(Case, Vec<u8>)]) {
    let Some(isa) = isa(level) else { return };
    let mut denoiser = Denoiser::with_isa(isa);
    for (case, expected) in cases {
        for count in [1, 2, 3, 7] {
            let actual = denoiser.denoise(case.image(), &case.params, &threads(count)).unwrap();
            let differing = actual.iter().zip(expected).position(|(a, b)| a != b);
            assert_eq!(differing, None, "first differing byte with {count} threads: {case:?}");
        }
    }
}

macro_rules! for_each_level {
    ($($level:ident => $name:ident;)*) => {
        $(mod $name {
            use super::*;

            #[test]
            fn agrees_with_the_reference() {
                super::agrees_with_the_reference(Level::$level, &SMALL);
            }

            #[test]
            fn agrees_with_the_reference_on_large_pictures() {
                super::agrees_with_the_reference(Level::$level, &LARGE);
            }
        })*
    };
}

for_each_level! {
    Scalar => scalar;
    Avx2 => avx2;
    Avx512 => avx512;
}

/// Sums are at their largest where all is white and alike: just below 2^31, and above it when they are rounded.
#[test]
fn white_pictures_stay_white_but_for_their_specks() {
    for (template_window, search_window) in [(7, 5), (7, 9), (7, 15), (7, 21), (9, 21), (11, 50)] {
        let params = Params { template_window, search_window, ..Params::default() };
        for channels in 1..=4 {
            let mut pixels = vec![255; 40 * 36 * channels];
            pixels[700 * channels..][..5 * channels].fill(254);
            let image = Image::new(&pixels, 40, 36, channels).unwrap();
            let expected = reference::denoise(image, &params).unwrap();
            for isa in isas() {
                let actual = Denoiser::with_isa(isa).denoise(image, &params, &threads(1)).unwrap();
                assert!(actual == expected, "{isa:?}, {channels} channels, {params:?}");
            }
        }
    }
}

/// Tables of weights at the limits of what they are looked up by, with distances from none to the greatest, and rows of the search
/// window in groups.
#[test]
fn tables_and_windows_at_their_limits_agree_with_the_reference() {
    let tables_and_windows = [
        // The last row of products would be that of sums that saturate.
        (1, 13.7, 21),
        // 1,026 weights of two channels, and 1,088: two and 64 of them before the first row.
        (2, 9.86, 21),
        (2, 10.155, 21),
        // As many as are told from sums that saturate.
        (2, 10.94, 21),
        // More than products by bytes are for, and nearly as many as there are others.
        (2, 13.1, 21),
        (2, 19.51, 17),
        // Groups of as many offsets as there are at most, and of fewer.
        (1, 10.0, 43),
        (1, 10.0, 45),
        (2, 10.0, 45),
        // As many as some digits of 8 or 32 tell apart, and more; weights of more than 15 bits.
        (1, 25.9, 21),
        (1, 26.1, 21),
        (1, 13.6, 19),
        (1, 73.6, 21),
        (1, 73.7, 21),
        (1, 77.5, 21),
        (1, 77.6, 21),
        (3, 77.0, 33),
        (2, 30.0, 5),
        (4, 200.0, 9),
        (1, 0.3, 3),
        // As many as there are indices that are told apart.
        (1, 78.831_11, 21),
        (2, 55.742_01, 21),
    ];
    // The same for sums over offsets: products of four factors, exponentials, and as many indices as are told apart.
    let over_offsets = [(1, 30.0), (1, 40.0), (2, 25.0), (1, 90.37816), (2, 63.9071)];
    let tables_and_windows =
        tables_and_windows.map(|(channels, h, search_window)| (channels, h, 7, search_window));
    let over_offsets = over_offsets.map(|(channels, h)| (channels, h, 3, 67));
    // Twice the search windows that go by tiles.
    let (width, height) = (60, 70);
    let mut cases = Vec::new();
    for (channels, h, template_window, search_window) in tables_and_windows.into_iter().chain(over_offsets) {
        for black_white in [false, true] {
            let pixels = picture(width * channels, height, (5, 20, black_white, 3));
            let params = Params { h, template_window, search_window };
            cases.push(solved(Case { pixels, width, height, channels, params }));
        }
    }
    for level in [Level::Scalar, Level::Avx2, Level::Avx512] {
        agrees_with_the_reference(level, &cases);
    }
}

/// More offsets than the pictures have pixels beside each other, in groups that begin in different runs of pixels.
#[test]
fn the_widest_search_windows_agree_with_the_reference() {
    let cases = [(150, 127, 1), (9, 129, 1), (70, 131, 1), (30, 131, 3), (4, 257, 2), (3, 513, 1)];
    for (width, search_window, channels) in cases {
        let pixels = picture(width * channels, 12, (5, 20, false, 3));
        let params = Params { h: 30.0, template_window: 3, search_window };
        let image = Image::new(&pixels, width, 12, channels).unwrap();
        let expected = reference::denoise(image, &params).unwrap();
        for isa in isas() {
            let actual = Denoiser::with_isa(isa).denoise(image, &params, &threads(1)).unwrap();
            assert!(actual == expected, "{isa:?}, {width} px, {channels} channels, {params:?}");
        }
    }
}

/// More columns than are gone through at a time, and windows much larger than pictures, whose sums are the largest there are;
/// with memory that other sizes left.
#[test]
fn the_widest_pictures_and_template_windows_agree_with_the_reference() {
    let sizes = [(1300, 5, 9, 17), (8, 6, 127, 17), (1290, 3, 3, 63)];
    let mut cases = Vec::new();
    for (width, height, template_window, search_window) in sizes {
        for channels in [1, 2] {
            let pixels = picture(width * channels, height, (3, 2, true, 5));
            let params = Params { h: 10.0, template_window, search_window };
            cases.push(solved(Case { pixels, width, height, channels, params }));
        }
    }
    for isa in isas() {
        let mut denoiser = Denoiser::with_isa(isa);
        for (case, expected) in &cases {
            let actual = denoiser.denoise(case.image(), &case.params, &threads(1)).unwrap();
            assert!(actual == *expected, "{isa:?}, {case:?}");
        }
    }
}

/// More rows than bands and pieces have, in a band or in several.
#[test]
fn high_pictures_agree_with_the_reference() {
    let high = |width, height, params: Params, channels| {
        let pixels = picture(width * channels, height, (4, 30, false, 9));
        solved(Case { pixels, width, height, channels, params })
    };
    let cases = [
        high(6, 1100, Params { search_window: 5, ..Params::default() }, 2),
        high(3, 2100, Params { template_window: 3, search_window: 17, ..Params::default() }, 1),
        high(2, 1100, Params { template_window: 3, search_window: 61, ..Params::default() }, 1),
        high(5, 1200, Params { template_window: 3, search_window: 5, ..Params::default() }, 3),
        high(2, 300, Params { template_window: 3, search_window: 131, ..Params::default() }, 3),
    ];
    for level in [Level::Scalar, Level::Avx2, Level::Avx512] {
        agrees_with_the_reference(level, &cases);
    }
}

/// Golden files hold the strongest set with one thread; the others agree with it, in shares of a picture, too.
#[test]
fn colour_is_the_same_on_all_sets_and_any_number_of_threads() {
    let (width, height) = (620, 440);
    let bgr = picture(3 * width, height, (9, 40, false, 1));
    let image = Image::new(&bgr, width, height, 3).unwrap();
    let luma = Params { search_window: 5, ..Params::default() };
    let params = ColoredParams { luma, ..ColoredParams::default() };
    let mut denoiser = Denoiser::new();
    let expected = denoiser.denoise_colored(image, &params, &threads(1)).unwrap();
    assert_ne!(expected, bgr);
    for isa in isas() {
        for count in [1, 3] {
            let actual = Denoiser::with_isa(isa).denoise_colored(image, &params, &threads(count)).unwrap();
            assert!(actual == expected, "{isa:?}, {count} threads");
        }
    }
}

#[test]
fn more_threads_than_there_can_be_are_as_many_as_pay() {
    let pixels = picture(40, 30, (5, 20, false, 2));
    let image = Image::new(&pixels, 40, 30, 1).unwrap();
    // Tiles with either sums, sums that slide over offsets, and the rest.
    for (h, template_window, search_window) in [(10.0, 7, 21), (10.0, 9, 21), (10.0, 35, 35), (200.0, 1, 131)]
    {
        let params = Params { h, template_window, search_window };
        let expected = Denoiser::new().denoise(image, &params, &threads(1)).unwrap();
        assert_eq!(Denoiser::new().denoise(image, &params, &threads(usize::MAX)), Ok(expected));
    }
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
    assert_eq!(reference::denoise(image, &Params::default()), Ok(Vec::new()));
}

/// All ways to denoise stop soon, and before they begin.
#[test]
fn stops_when_it_is_told_to() {
    let pixels = vec![9; 64 * 64 * 3];
    let grey = Image::new(&pixels[..64 * 64], 64, 64, 1).unwrap();
    let bgr = Image::new(&pixels, 64, 64, 3).unwrap();
    // Tiles with either sums, sums that slide over offsets, the rest, and windows that take nothing.
    let ways = [(10.0, 7, 21), (10.0, 9, 21), (10.0, 35, 35), (200.0, 1, 131), (10.0, 1, 1)];
    for (h, template_window, search_window) in ways {
        let luma = Params { h, template_window, search_window };
        let coloured = ColoredParams { luma, h_color: h };
        for allowed in [0, 10] {
            let asked = AtomicUsize::new(0);
            let stop = || asked.fetch_add(1, Ordering::Relaxed) >= allowed;
            let control = Control { stop: Some(&stop), ..threads(2) };
            let results = [
                Denoiser::new().denoise(grey, &luma, &control),
                Denoiser::new().denoise_colored(bgr, &coloured, &control),
            ];
            // The first one is asked as often as is allowed; of one pixel there is nothing to stop in between.
            if allowed == 0 || search_window > 1 {
                assert_eq!(results, [const { Err(Error::Stopped) }; 2], "{luma:?}, after {allowed}");
            }
            assert!(asked.into_inner() < 40, "both threads stop soon after");
        }
    }
}
