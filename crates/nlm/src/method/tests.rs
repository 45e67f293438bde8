use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::jobs::{self, Job, WorkerMemory};
use crate::planes::Planes;
use crate::task::Task;
use crate::{Control, Image, Level, reference};

const LEVELS: [Level; 3] = [Level::Scalar, Level::Avx2, Level::Avx512];

fn name(path: Path<'_>) -> &'static str {
    match path {
        Path::Saturating(_) => "saturating",
        Path::Running(_) => "running",
        Path::Sliding(_) => "sliding",
        Path::General => "general",
    }
}

/// Strength, template window, search window, and channels.
type Chosen = ((f32, u32, u32), usize);

fn assert_chosen((width, height): (usize, usize), expected: &str, cases: &[Chosen]) {
    for &((h, template_window, search_window), channels) in cases {
        let params = Params { h, template_window, search_window };
        for level in LEVELS {
            let method = Method::new(Isa::at_most(level), &params, channels);
            assert_eq!(
                name(method.path(width, height)),
                expected,
                "{level:?}, {channels} channels, {params:?}"
            );
        }
    }
}

#[test]
fn parameters_take_the_quickest_way_that_is_exact() {
    let saturating = [((10.0, 7, 21), 1), ((10.0, 7, 21), 2), ((3.0, 7, 65), 1)];
    let running = [
        // Weights of distances that 16 bits don't tell apart, or of more than 15 bits; other templates and channels.
        ((20.0, 7, 21), 1),
        ((10.0, 7, 15), 1),
        ((10.0, 9, 21), 2),
        ((10.0, 1, 3), 1),
        ((10.0, 7, 21), 3),
        ((10.0, 21, 37), 1),
        ((10.0, 13, 65), 2),
        ((30.0, 21, 65), 1),
        // For sums that slide over offsets too many channels, weights of too many bits, too many weights.
        ((10.0, 100, 50), 3),
        ((10.0, 127, 15), 1),
        ((200.0, 100, 50), 1),
    ];
    let sliding = [
        ((10.0, 100, 50), 1),
        ((10.0, 100, 50), 2),
        ((10.0, 21, 39), 1),
        ((10.0, 15, 65), 1),
        ((10.0, 13, 67), 1),
        ((10.0, 1, 129), 1),
        ((10.0, 7, 513), 2),
        ((30.0, 23, 65), 1),
    ];
    let general = [((10.0, 7, 1), 1), ((10.0, 7, 515), 1), ((200.0, 1, 131), 1), ((200.0, 7, 131), 4)];
    let size = (1 << 10, 1 << 10);
    assert_chosen(size, "saturating", &saturating);
    assert_chosen(size, "running", &running);
    assert_chosen(size, "sliding", &sliding);
    assert_chosen(size, "general", &general);
}

#[test]
fn small_images_are_not_taken_apart_into_tiles_where_that_is_slower() {
    assert_chosen((2 * 21, 21), "saturating", &[((10.0, 7, 21), 1), ((10.0, 7, 20), 2)]);
    assert_chosen((881, 1), "sliding", &[((10.0, 7, 21), 1), ((10.0, 7, 20), 2), ((10.0, 9, 21), 1)]);
    let for_tiles_alone = [((10.0, 7, 15), 1), ((10.0, 7, 15), 3), ((200.0, 9, 15), 2)];
    assert_chosen((14, 8), "running", &for_tiles_alone);
    assert_chosen((111, 1), "general", &for_tiles_alone);
    assert_chosen((1, 1), "sliding", &[((10.0, 7, 21), 1)]);
}

/// All ways that are exact for these parameters, the one that is chosen and the others.
fn ways(method: &Method) -> impl Iterator<Item = Path<'_>> {
    let ways = [method.saturating(), method.running(), method.sliding(), Some(Path::General)];
    ways.into_iter().flatten()
}

#[derive(Debug)]
struct Case {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    channels: usize,
    params: Params,
}

/// That all ways do what the definition says, with all instruction sets of this machine and in one and several bands. Which these are.
fn assert_exact(case: &Case) -> BTreeSet<&'static str> {
    let Case { ref pixels, width, height, channels, params } = *case;
    let image = Image::new(pixels, width, height, channels).unwrap();
    let expected = reference::denoise(image, &params).unwrap();
    let (mut planes, mut workers) = (Planes::default(), Vec::<WorkerMemory>::new());
    planes.fill(image, params.border());
    let mut gone = BTreeSet::new();
    for level in LEVELS {
        let isa = Isa::at_most(level);
        let method = Method::new(isa, &params, channels);
        for path in ways(&method) {
            for threads in [1, 3] {
                let control = Control { threads: NonZeroUsize::new(threads).unwrap(), stop: None };
                let mut actual = vec![0; pixels.len()];
                let task = Task {
                    planes: &planes,
                    channels,
                    width,
                    height,
                    params: &params,
                    weights: &method.weights,
                    isa,
                };
                let job = Job::new(task, path, control.threads);
                jobs::run(vec![(job, &mut actual[..])], &control, &mut workers).unwrap();
                let way = name(path);
                gone.insert(way);
                assert!(
                    actual == expected,
                    "{way}, {isa:?}, {threads} threads: {width}x{height}x{channels}, {params:?}"
                );
            }
        }
    }
    gone
}

/// Noise, or squares in black and white with some: windows that differ little and as much as they can, side by side.
fn picture(pixels: usize, width: usize) -> impl Strategy<Value = Vec<u8>> {
    let range = prop_oneof![1u8..40, 40u8..=255];
    let noise = range.prop_flat_map(move |range| prop::collection::vec(0..=range, pixels));
    (noise, prop_oneof![Just(None), (1usize..9).prop_map(Some)]).prop_map(move |(mut pixels, side)| {
        if let Some(side) = side {
            for (i, pixel) in pixels.iter_mut().enumerate() {
                let is_white = (i % width / side + i / width / side) % 2 == 1;
                *pixel = if is_white { 255 - *pixel % 4 } else { *pixel % 4 };
            }
        }
        pixels
    })
}

/// Windows in tiles, with weights of any size, in pictures that are smaller than tiles or hardly larger.
fn case() -> impl Strategy<Value = Case> {
    let h = prop_oneof![Just(10.0f32), Just(0.0), 0.1f32..11.0, 20.0f32..200.0];
    let template_window = prop_oneof![2 => Just(7u32), 1 => 1u32..24];
    let search_window = prop_oneof![2u32..17, 17u32..67];
    let params = (h, template_window, search_window).prop_map(|(h, template_window, search_window)| Params {
        h,
        template_window,
        search_window,
    });
    (1usize..40, 1usize..30, 1usize..=4, params).prop_flat_map(|(width, height, channels, params)| {
        picture(width * height * channels, width * channels).prop_map(move |pixels| Case {
            pixels,
            width,
            height,
            channels,
            params,
        })
    })
}

#[test]
fn each_way_agrees_with_the_reference_on_pictures_smaller_than_tiles() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let gone = (0..150).flat_map(|_| assert_exact(&case().new_tree(&mut runner).unwrap().current()));
    assert!(gone.collect::<BTreeSet<_>>().into_iter().eq(["general", "running", "saturating", "sliding"]));
}

/// Stripes a pixel wide in black and white.
fn stripes(width: usize, height: usize, channels: usize, params: Params) -> Case {
    let pixels = (0..width * height * channels).map(|i| 255 * (i / channels % width % 2) as u8).collect();
    Case { pixels, width, height, channels, params }
}

/// Sums of squared differences up to 2^32 less a hundredth.
#[test]
fn each_way_agrees_with_the_reference_on_the_largest_distances() {
    for (channels, search_window) in [(1, 15), (3, 17), (4, 17), (4, 5)] {
        for h in [10.0, 60.0, 300.0] {
            let params = Params { h, template_window: 127, search_window };
            assert_exact(&stripes(6, 5, channels, params));
        }
    }
}

/// Tiles with the most around them.
#[test]
fn each_way_agrees_with_the_reference_on_the_widest_windows_of_tiles() {
    for channels in [1, 3] {
        for template_window in [1, 3] {
            let params = Params { h: 30.0, template_window, search_window: 129 };
            assert_exact(&stripes(30, 12, channels, params));
        }
    }
}
