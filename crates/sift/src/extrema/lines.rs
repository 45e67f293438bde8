//! All candidates of a line at once.

use super::ROWS;
use crate::isa::for_each_vector;
use crate::marks::MARKED;
use crate::ring::LINE;
use crate::strip::LevelRows;
use crate::vector::Vector;

/// Levels that tell about [`MARKED`] layers.
pub(super) const LEVELS: usize = MARKED + 3;

/// Columns of a line and those beside it.
const AROUND: usize = LINE + 2;

/// The rows of a level around a line.
type Rows<'a> = [&'a [f32; AROUND]; ROWS];

for_each_vector! {
    /// Marks the columns of a line from row and column `at` on: bit `i` where the difference of layer `i + 1` exceeds `threshold` in
    /// absolute value, is not within its neighbours in its layer and in those before and after it, and is not equal to all of its
    /// layer; no other bit. Layer `i` is that between level `i` and the next one.
    pub(super) fn mark(levels: &[LevelRows<'_>], at: (usize, usize), threshold: f32, marks: &mut [u8; LINE]) = mark_body;
}

#[inline(always)]
fn mark_body<'a, V: Vector>(
    levels: &[LevelRows<'a>],
    (y, x): (usize, usize),
    threshold: f32,
    marks: &mut [u8; LINE],
) {
    *marks = [0; LINE];
    let &[first, second, third, ref rest @ ..] = levels else { return };
    for (marks, x) in marks.chunks_exact_mut(V::LANES).zip((x..).step_by(V::LANES)) {
        let around = |level: LevelRows<'a>| level.chunks_around::<AROUND>(y, x);
        let (mut level, mut next) = (around(second), around(third));
        let mut before = Extremes::<V>::of(around(first), level);
        let mut here = Extremes::of(level, next);
        for (bit, beyond) in (0..MARKED).zip(rest.iter().copied().map(Some).chain([None])) {
            let beyond = beyond.map(around);
            let after = beyond.map_or(here, |beyond| Extremes::of(next, beyond));
            let value = difference(next[1], level[1], 1);
            mark_layer(value, threshold, before.and(here).and(after), here, 1 << bit, marks);
            let Some(beyond) = beyond else { break };
            (before, here, level, next) = (here, after, next, beyond);
        }
    }
}

/// Marks the values that exceed the threshold and are not within what is around them, where their own layer is not the same all around.
#[inline(always)]
fn mark_layer<V: Vector>(
    value: V,
    threshold: f32,
    around: Extremes<V>,
    own: Extremes<V>,
    mark: u8,
    marks: &mut [u8],
) {
    let mut lanes = [[0.0; LINE]; 4];
    let range = own.greatest.sub(own.least);
    for (lanes, vector) in lanes.iter_mut().zip([value, around.greatest, around.least, range]) {
        vector.store(lanes);
    }
    let [value, greatest, least, range] = &lanes;
    for (i, marks) in marks.iter_mut().enumerate() {
        let is_greatest = (value[i] > threshold) & (value[i] >= greatest[i]);
        let is_least = (value[i] < -threshold) & (value[i] <= least[i]);
        *marks |= if (is_greatest | is_least) & (range[i] > 0.0) { mark } else { 0 };
    }
}

/// Greatest and least of a layer around each column of a line.
#[derive(Clone, Copy)]
struct Extremes<V> {
    greatest: V,
    least: V,
}

impl<V: Vector> Extremes<V> {
    /// Those of what a level is less than the next one.
    #[inline(always)]
    fn of(level: Rows<'_>, next: Rows<'_>) -> Self {
        let mut extremes = Self { greatest: V::splat(f32::NEG_INFINITY), least: V::splat(f32::INFINITY) };
        for (level, next) in level.into_iter().zip(next) {
            for column in 0..=AROUND - LINE {
                let around = difference(next, level, column);
                extremes = extremes.and(Self { greatest: around, least: around });
            }
        }
        extremes
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self { greatest: self.greatest.max(other.greatest), least: self.least.min(other.least) }
    }
}

/// What a row is more than another from this column of it on.
#[inline(always)]
fn difference<V: Vector>(row: &[f32; AROUND], less: &[f32; AROUND], column: usize) -> V {
    V::load(&row[column..]).sub(V::load(&less[column..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;
    use crate::around::{Around, exceeds, is_flat};

    /// Samples in a row, and of its margin; of the others a line is marked that begins anywhere.
    const WIDTH: usize = LINE + 20;
    const MARGIN: usize = 1;

    /// Rows of levels whose differences have few values, so that many are equal, and the first columns are the same all over.
    fn levels(count: usize) -> Vec<Vec<f32>> {
        let mut state = 7_u64;
        let mut difference = |x: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if x % WIDTH < 6 { 3.0 } else { (state >> 60) as f32 - 7.0 }
        };
        let mut levels = vec![vec![0.0; ROWS * WIDTH]];
        while levels.len() < count {
            let below = levels[levels.len() - 1].iter().enumerate();
            levels.push(below.map(|(x, sample)| sample + difference(x)).collect());
        }
        levels
    }

    #[test]
    fn marks_are_those_of_the_definition() {
        let starts = [0, 1, 2].map(|row| row * WIDTH + MARGIN);
        let mut seen = [0; 2];
        for (count, threshold, first) in
            [(3, 0.0, 0), (4, 6.0, 2), (5, 6.5, 3), (LEVELS - 1, 0.0, 2), (LEVELS, 6.0, 3), (3, 7.0, 4)]
        {
            let samples = levels(count);
            let around = |level: usize, x: usize| -> Around {
                starts.map(|start| [0, 1, 2, 2].map(|column| samples[level][start + x + column - 1]))
            };
            let layer =
                |layer: usize, x: usize| crate::around::difference(&around(layer + 1, x), &around(layer, x));
            let is_extremum = |index: usize, x: usize| {
                let here = layer(index, x);
                let value = here[1][1];
                let beside = (index - 1..=index + 1).take_while(|index| index + 1 < count);
                value.abs() > threshold
                    && !is_flat(&here)
                    && beside.into_iter().all(|index| !exceeds(&layer(index, x), value))
            };
            let expected: [u8; LINE] = std::array::from_fn(|i| {
                (1..count - 1)
                    .take(MARKED)
                    .map(|layer| u8::from(is_extremum(layer, first + i)) << (layer - 1))
                    .sum()
            });
            seen[0] += expected.iter().map(|marks| marks.count_ones()).sum::<u32>();
            seen[1] += expected.iter().map(|marks| marks.count_zeros()).sum::<u32>();
            let rows: Vec<_> = samples.iter().map(|samples| LevelRows::new(samples, &starts, 0)).collect();
            for isa in Isa::each() {
                let mut marks = [0; LINE];
                mark(isa, &rows, (1, first), threshold, &mut marks);
                assert_eq!(marks, expected, "{isa:?}, {count} levels");
            }
        }
        assert!(seen[0] > 20 && seen[1] > 20, "{seen:?}");
    }
}
