use super::*;
use crate::gaussian::Kernels;
use crate::octave::BORDER;
use crate::ring::BLOCK;
use crate::{Isa, Params};

/// Whole lines, so that nothing but margins follows a row.
const WIDTH: usize = 80;
const HEIGHT: usize = 77;

/// A block in which nothing is asked for.
const ELSEWHERE: usize = 1_000;

/// A level of noise.
fn level() -> Vec<[f32; WIDTH]> {
    let mut state = 1_u64;
    let mut rows = vec![[0.0; WIDTH]; HEIGHT];
    for sample in rows.as_flattened_mut() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *sample = (state >> 40) as f32 / 65_793.0;
    }
    rows
}

/// Fills a block of rows of a ring and their margins.
fn fill(ring: &mut Ring, rows: &[[f32; WIDTH]], block: usize, radius: usize) {
    for (y, row) in rows.iter().enumerate().skip(block).take(BLOCK) {
        ring.row_mut(y).copy_from_slice(row);
    }
    ring.fill_margins(block, radius);
}

/// One sample of a whole level, in the order of the sums of a blur.
fn blurred(rows: &[[f32; WIDTH]], taps: &[f32], (y, x): (usize, usize)) -> f32 {
    let radius = (taps.len() / 2) as isize;
    let along = |y: isize| {
        let row = &rows[reflect_101(y, HEIGHT)];
        let sample = |i: isize| row[reflect_101(x as isize + i, WIDTH)];
        let pair = |i: isize| sample(-i) + sample(i);
        match *taps {
            [tap, middle, _] => middle.mul_add(sample(0), tap * pair(1)),
            [outer, inner, middle, _, _] => {
                outer.mul_add(pair(2), middle.mul_add(sample(0), inner * pair(1)))
            }
            _ => taps.iter().zip(-radius..).fold(0.0, |sum, (tap, i)| tap.mul_add(sample(i), sum)),
        }
    };
    let y = y as isize;
    let distances = taps[taps.len() / 2 + 1..].iter().zip(1..);
    distances.fold(taps[taps.len() / 2] * along(y), |sum, (tap, distance)| {
        tap.mul_add(along(y + distance) + along(y - distance), sum)
    })
}

#[test]
fn is_that_of_a_whole_level_to_the_last_bit() {
    // Kept from one kernel to the next.
    let mut topmost = Topmost::default();
    for (octave_layers, sigma) in
        [(1, 1.6), (2, 1.6), (3, 1.6), (3, 1.9), (8, 1.6), (3, 0.2), (32, 1.2), (32, 0.5), (32, 0.1)]
    {
        let params = Params { octave_layers, sigma, ..Params::default() };
        let kernels = Kernels::new(&params);
        let (rows, radius) = (level(), kernels.topmost.radius());
        // No more rows than a sample and its neighbours take, so that blocks overwrite those further up.
        let mut below = Ring::default();
        below.reset((WIDTH, HEIGHT), radius + BEYOND, 2 * (radius + 1) + BLOCK);
        let mut blocks = (0..HEIGHT).step_by(BLOCK).peekable();
        let estimator = Estimator::new(&kernels);
        let recipe = |isa| Recipe { isa, kernel: &kernels.topmost, estimator: estimator.as_ref() };
        topmost.reset(recipe(Isa::detect()), (WIDTH, HEIGHT), HEIGHT);
        for y in BORDER..HEIGHT - BORDER {
            while let Some(block) = blocks.next_if(|block| *block <= y + radius + 1) {
                fill(&mut below, &rows, block, radius);
            }
            for x in BORDER..WIDTH - BORDER {
                let expected = [y - 1, y, y + 1]
                    .map(|y| [x - 1, x, x + 1].map(|x| blurred(&rows, kernels.topmost.taps(), (y, x))));
                let expected = expected.map(|[a, b, c]| [a, b, c, 0.0]);
                for isa in Isa::each() {
                    let recipe = recipe(isa);
                    topmost.known.fill(None);
                    let around = topmost.around(recipe, &below, ELSEWHERE, (y, x));
                    assert_eq!(
                        around, expected,
                        "{octave_layers} layers, sigma {sigma}, {isa:?}, row {y}, column {x}"
                    );
                    assert_eq!(topmost.around(recipe, &below, ELSEWHERE, (y, x)), expected, "asked again");
                }
            }
        }
    }
}

/// A whole level, blurred.
fn whole(rows: &[[f32; WIDTH]], taps: &[f32]) -> Vec<[f32; WIDTH]> {
    (0..HEIGHT).map(|y| std::array::from_fn(|x| blurred(rows, taps, (y, x)))).collect()
}

/// Whether these are a sample of a level and its neighbours.
fn is_at(around: &Around, level: &[[f32; WIDTH]], (y, x): (usize, usize)) -> bool {
    around.iter().zip(&level[y - 1..]).all(|(row, level)| row[..3] == level[x - 1..][..3])
}

#[test]
fn rows_of_a_block_are_those_of_a_whole_level_to_the_last_bit() {
    let mut topmost = Topmost::default();
    for (octave_layers, sigma) in [(1, 1.6), (3, 1.6), (3, 0.2), (32, 0.1), (1, 3.0)] {
        let kernels = Kernels::new(&Params { octave_layers, sigma, ..Params::default() });
        let (rows, kernel) = (level(), &kernels.topmost);
        let expected = whole(&rows, kernel.taps());
        let mut below = Ring::default();
        below.reset((WIDTH, HEIGHT), kernel.radius() + BEYOND, HEIGHT);
        (0..HEIGHT).step_by(BLOCK).for_each(|block| fill(&mut below, &rows, block, kernel.radius()));
        for isa in Isa::each() {
            let recipe = Recipe { isa, kernel, estimator: None };
            topmost.reset(recipe, (WIDTH, HEIGHT), HEIGHT);
            // One after another, some left out, to the last one, which ends within the level.
            for block in [0, 1, 2, 5, 6, 9].map(|block| block * BLOCK) {
                topmost.rows.fill(recipe, &below, block, (WIDTH, HEIGHT));
                let inner = block.max(1)..(block + BLOCK).min(HEIGHT - 1);
                assert!(inner.clone().all(|y| topmost.rows.holds(y)), "block {block}");
                assert!(!topmost.rows.holds(block + BLOCK) && !topmost.rows.holds(block.saturating_sub(1)));
                for (y, x) in inner.flat_map(|y| (1..WIDTH - 1).map(move |x| (y, x))) {
                    let found = topmost.rows.around((y, x));
                    assert!(
                        is_at(&found, &expected, (y, x)),
                        "{octave_layers} layers, {isa:?}, row {y}, column {x}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_block_that_many_samples_are_asked_of_is_computed_as_a_whole() {
    let kernels = Kernels::new(&Params::default());
    let recipe = Recipe { isa: Isa::detect(), kernel: &kernels.topmost, estimator: None };
    let (rows, radius) = (level(), kernels.topmost.radius());
    let expected = whole(&rows, kernels.topmost.taps());
    let mut below = Ring::default();
    below.reset((WIDTH, HEIGHT), radius + BEYOND, HEIGHT);
    (0..HEIGHT).step_by(BLOCK).for_each(|block| fill(&mut below, &rows, block, radius));
    let mut topmost = Topmost::default();
    topmost.reset(recipe, (WIDTH, HEIGHT), HEIGHT);
    // How many of each block were asked for before it was computed.
    let singly = [2, 3, 6].map(|block| block * BLOCK).map(|block| {
        let places = (block..block + BLOCK).flat_map(|y| (1..WIDTH - 1).map(move |x| (y, x)));
        let mut singly = 0;
        for at in places {
            singly += usize::from(!topmost.rows.holds(at.0));
            let found = topmost.around(recipe, &below, block, at);
            assert!(is_at(&found, &expected, at), "{at:?}");
        }
        // Elsewhere, samples are not of the block.
        topmost.around(recipe, &below, block, (block + 2 * BLOCK, 20));
        singly
    });
    assert_eq!(singly[0], singly[2]);
    assert!((1..WIDTH / 4).contains(&singly[0]) && singly[1] < singly[0], "{singly:?}");
}

#[test]
fn places_are_told_apart_and_forgotten_with_their_strip() {
    let kernels = Kernels::new(&Params::default());
    let recipe = Recipe { isa: Isa::detect(), kernel: &kernels.topmost, estimator: None };
    let radius = kernels.topmost.radius();
    let mut topmost = Topmost::default();
    let mut rows = level();
    for _ in 0..2 {
        let mut below = Ring::default();
        below.reset((WIDTH, HEIGHT), radius + BEYOND, HEIGHT);
        (0..HEIGHT).step_by(BLOCK).for_each(|block| fill(&mut below, &rows, block, radius));
        topmost.reset(recipe, (WIDTH, HEIGHT), HEIGHT);
        // Some that have the same memory.
        let places = [(30, 20), (30, 20 + KNOWN.1), (30 + KNOWN.0, 20), (30, 20), (31, 20), (30, 21)];
        for (y, x) in places {
            let middle = topmost.around(recipe, &below, ELSEWHERE, (y, x))[1][1];
            assert_eq!(middle, blurred(&rows, kernels.topmost.taps(), (y, x)), "row {y}, column {x}");
        }
        // Another level, at the same places.
        rows.reverse();
    }
}
