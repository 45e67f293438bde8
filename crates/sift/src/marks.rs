//! Candidates for extrema, marked among differences rounded to 16 bits.
//!
//! Differences and marks are made in one pass over the levels: what is computed stays in registers until it is marked. A neighbourhood
//! is first brought together over rows and layers, and only then over columns, by shuffles of the greatest and least of whole columns.

use crate::float::INTEGER;
use crate::isa::for_each_vector;
use crate::ring::LINE;
use crate::vector::Vector;
use crate::words::Words;

/// What rows are held in whole multiples of: as many differences as a register of any instruction set has, or more.
pub(crate) const CHUNK: usize = 32;

/// Layers that a mark has a bit for.
pub(crate) const MARKED: usize = u8::BITS as usize;

/// Layers whose columns stay in registers at a time, the one before those that are marked included.
const LAYERS: usize = 4;

/// Steps of a rounded difference in a grey level: differences of up to 255 levels fit 16 bits.
const STEPS: f32 = 128.0;

/// Rounded differences of a layer above, at and below the row to be marked, all of one length, a multiple of [`CHUNK`].
#[derive(Default)]
pub(crate) struct Layer<'a> {
    pub(crate) above: &'a [i16],
    pub(crate) at: &'a [i16],
    pub(crate) below: &'a mut [i16],
}

/// A difference in the steps of those here.
pub(crate) fn rounded(difference: f32) -> i16 {
    (difference * STEPS).round_ties_even() as i16
}

for_each_vector! {
    /// Differences of a row of two levels, rounded, for as many as there is room for, a multiple of [`CHUNK`].
    pub(crate) fn subtract(level: &[f32], less: &[f32], out: &mut [i16]) = subtract_body;
}

#[inline(always)]
fn subtract_body<V: Vector>(level: &[f32], less: &[f32], out: &mut [i16]) {
    let levels = level.chunks_exact(V::Words::LANES).zip(less.chunks_exact(V::Words::LANES));
    for (out, (level, less)) in out.chunks_exact_mut(V::Words::LANES).zip(levels) {
        difference::<V>(halves(level), halves(less)).store(out);
    }
}

for_each_vector! {
    /// Computes the rows below from those of the levels, of which there is one more than layers, and marks the middle row: bit `i`
    /// where the value of layer `i + 1` is at least the threshold in absolute value and not within its neighbours in the layer and in
    /// those before and after it; of every third layer the one after is left out, as it is not in registers, so that more is marked,
    /// never less. Marks of the first and last columns mean nothing.
    pub(crate) fn mark(levels: &[&[f32]], layers: &mut [Layer<'_>], threshold: i16, marks: &mut [u8]) = mark_body;
}

#[inline(always)]
fn mark_body<V: Vector>(levels: &[&[f32]], layers: &mut [Layer<'_>], threshold: i16, marks: &mut [u8]) {
    for bit in (0..layers.len().saturating_sub(1)).step_by(LAYERS - 1) {
        let (levels, layers) = (&levels[bit..], &mut layers[bit..]);
        macro_rules! mark_layers {
            // The length of an array can't be that of a type parameter: one of both is that of the words.
            ($($layers:literal)*) => {
                match (layers.len().min(LAYERS), V::LANES == LINE) {
                    $(($layers, true) => mark_layers::<V, $layers, CHUNK>(levels, layers, threshold, bit, marks),
                    ($layers, false) => mark_layers::<V, $layers, { CHUNK / 2 }>(levels, layers, threshold, bit, marks),)*
                    _ => {}
                }
            };
        }
        mark_layers!(2 3 4);
    }
}

/// Marks `K` layers but the first one, from this bit on. `LANES` are those of the words.
#[inline(always)]
fn mark_layers<V: Vector, const K: usize, const LANES: usize>(
    levels: &[&[f32]],
    layers: &mut [Layer<'_>],
    threshold: i16,
    bit: usize,
    marks: &mut [u8],
) {
    let marks = marks.as_chunks_mut::<LANES>().0;
    let mut rows = Rows::<'_, K, LANES>::new(levels, layers, marks.len());
    let thresholds = Extremes { greatest: V::Words::splat(threshold), least: V::Words::splat(-threshold) };
    // Beyond the first and last chunk anything will do. Columns of a chunk passed over are an older one's: they only meet chunks in
    // which nothing reaches the thresholds, which no extremes equal, as the thresholds are among them.
    let (mut before, mut here) = ([thresholds; K], [thresholds; K]);
    // Whether something can be marked in the chunk before, in this one and in the next.
    let mut live = [false, false, rows.is_live::<V>(0, thresholds)];
    for chunk in 0..=marks.len() {
        live = [live[1], live[2], rows.is_live::<V>(chunk + 1, thresholds)];
        let next = if chunk < marks.len() && (live[0] | live[1] | live[2]) {
            rows.extremes::<V>(chunk, thresholds)
        } else {
            rows.subtract::<V>(chunk);
            here
        };
        let mut marked = V::Words::no_marks();
        let marked_chunk = chunk.checked_sub(1);
        if live[0] | live[1] {
            for layer in 1..K {
                let (after, before_next) = here[layer].beside(next[layer]);
                let Extremes { greatest, least } = here[layer].and(before[layer]).and(after);
                before[layer] = before_next;
                if let Some(chunk) = marked_chunk {
                    let at = V::Words::load(&rows.at[layer][chunk]);
                    marked = at.mark_if_either(greatest, least, 1 << (bit + layer - 1), marked);
                }
            }
        }
        // Marks are a chunk behind, as they take the columns after it.
        if let Some(chunk) = marked_chunk {
            set::<V::Words>(&mut marks[chunk], marked, bit > 0);
        }
        here = next;
    }
}

/// Stores marks, beside those that are there if `keep`, else in their place.
#[inline(always)]
fn set<W: Words>(marks: &mut [u8], marked: W::Marks, keep: bool) {
    if keep {
        let mut more = [0; CHUNK];
        W::store_marks(marked, &mut more);
        marks.iter_mut().zip(more).for_each(|(marks, more)| *marks |= more);
    } else {
        W::store_marks(marked, marks);
    }
}

/// Rows of levels and layers, in chunks of as many words as a register has.
struct Rows<'a, const K: usize, const LANES: usize> {
    /// One more than layers.
    levels: [&'a [[f32; LANES]]; LAYERS + 1],
    above: [&'a [[i16; LANES]]; K],
    at: [&'a [[i16; LANES]]; K],
    below: [&'a mut [[i16; LANES]]; K],
}

impl<'a, const K: usize, const LANES: usize> Rows<'a, K, LANES> {
    #[inline(always)]
    fn new(levels: &[&'a [f32]], layers: &'a mut [Layer<'_>], chunks: usize) -> Self {
        let mut rows = Self {
            levels: [&[]; LAYERS + 1],
            above: [&[]; K],
            at: [&[]; K],
            below: std::array::from_fn(|_| Default::default()),
        };
        for (row, level) in rows.levels.iter_mut().zip(&levels[..=K]) {
            *row = &level.as_chunks().0[..chunks];
        }
        for (i, Layer { above, at, below }) in layers[..K].iter_mut().enumerate() {
            rows.above[i] = &above.as_chunks().0[..chunks];
            rows.at[i] = &at.as_chunks().0[..chunks];
            rows.below[i] = &mut below.as_chunks_mut().0[..chunks];
        }
        rows
    }

    /// Whether a difference of a chunk reaches the threshold in a layer but the first. None does beyond the last chunk.
    #[inline(always)]
    fn is_live<V: Vector>(&self, chunk: usize, thresholds: Extremes<V::Words>) -> bool {
        if chunk >= self.at[0].len() {
            return false;
        }
        let first = V::Words::load(&self.at[1][chunk]);
        let mut row = Extremes { greatest: first, least: first };
        for at in &self.at[2..] {
            let at = V::Words::load(&at[chunk]);
            row = row.and(Extremes { greatest: at, least: at });
        }
        row.greatest.any_reaches(thresholds.greatest) | thresholds.least.any_reaches(row.least)
    }

    /// Computes a chunk of the rows below, if there is one.
    #[inline(always)]
    fn subtract<V: Vector>(&mut self, chunk: usize) {
        if chunk >= self.at[0].len() {
            return;
        }
        let mut lower = halves::<V>(&self.levels[0][chunk]);
        for (level, below) in self.levels[1..].iter().zip(&mut self.below) {
            let upper = halves::<V>(&level[chunk]);
            difference(upper, lower).store(&mut below[chunk]);
            lower = upper;
        }
    }

    /// Computes a chunk of the rows below. Returns the greatest and least of the thresholds and of each column of a layer but the
    /// first and the layers before and after it.
    #[inline(always)]
    fn extremes<V: Vector>(
        &mut self,
        chunk: usize,
        thresholds: Extremes<V::Words>,
    ) -> [Extremes<V::Words>; K] {
        let mut columns = [thresholds; K];
        let mut lower = halves::<V>(&self.levels[0][chunk]);
        for (layer, columns) in columns.iter_mut().enumerate() {
            let upper = halves::<V>(&self.levels[layer + 1][chunk]);
            let below = difference(upper, lower);
            lower = upper;
            below.store(&mut self.below[layer][chunk]);
            let (above, at) =
                (V::Words::load(&self.above[layer][chunk]), V::Words::load(&self.at[layer][chunk]));
            *columns = Extremes { greatest: above.max(at).max(below), least: above.min(at).min(below) };
        }
        // Every neighbourhood has this layer.
        columns[K / 2] = columns[K / 2].and(thresholds);
        let mut pairs = columns;
        for layer in 1..K {
            pairs[layer] = columns[layer - 1].and(columns[layer]);
        }
        let mut around = pairs;
        for layer in 1..K - 1 {
            around[layer] = pairs[layer].and(columns[layer + 1]);
        }
        around
    }
}

/// Samples of a level for a register of words.
#[inline(always)]
fn halves<V: Vector>(level: &[f32]) -> [V; 2] {
    [V::load(level), V::load(&level[V::LANES..])]
}

/// A rounded difference of two levels.
#[inline(always)]
fn difference<V: Vector>(level: [V; 2], less: [V; 2]) -> V::Words {
    let (steps, integer) = (V::splat(STEPS), V::splat(INTEGER));
    V::Words::low_words(
        level[0].sub(less[0]).mul_add(steps, integer),
        level[1].sub(less[1]).mul_add(steps, integer),
    )
}

/// Greatest and least of each column.
#[derive(Clone, Copy)]
struct Extremes<W> {
    greatest: W,
    least: W,
}

impl<W: Words> Extremes<W> {
    /// Those of the columns after these, and those of the columns before the next ones.
    #[inline(always)]
    fn beside(self, next: Self) -> (Self, Self) {
        let (greatest_after, greatest_before) = self.greatest.beside(next.greatest);
        let (least_after, least_before) = self.least.beside(next.least);
        let after = Self { greatest: greatest_after, least: least_after };
        (after, Self { greatest: greatest_before, least: least_before })
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self { greatest: self.greatest.max(other.greatest), least: self.least.min(other.least) }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::Isa;

    /// A row of differences for each layer, and the row below of the levels that these come from.
    struct Sample {
        above: Vec<Vec<i16>>,
        at: Vec<Vec<i16>>,
        below: Vec<Vec<i16>>,
        levels: Vec<Vec<f32>>,
    }

    impl Sample {
        /// Values of a range, in the middle row not beyond this limit, or not beyond its opposite, in those 16 columns of 1024 for
        /// which a bit says so.
        fn new(layers: usize, width: usize, range: Range<i16>, (limit, limited): (i16, [u64; 2])) -> Self {
            let mut state = 1_u64;
            let mut sample = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                range.start + ((state >> 49) as i16) % range.len() as i16
            };
            let mut rows = || (0..layers).map(|_| (0..width).map(&mut sample).collect()).collect();
            let [above, mut at, below]: [Vec<Vec<i16>>; 3] = [rows(), rows(), rows()];
            for (x, at) in at.iter_mut().flat_map(|row| row.iter_mut().enumerate()) {
                let is_limited = limited.map(|limited| limited >> (x / 16 % 64) & 1 == 1);
                *at = (*at).min(if is_limited[0] { limit } else { i16::MAX });
                *at = (*at).max(if is_limited[1] { -limit } else { i16::MIN });
            }
            let mut levels = vec![vec![100.0; width]];
            for row in &below {
                let level = levels[levels.len() - 1].iter().zip(row);
                levels.push(level.map(|(level, &row)| level + f32::from(row) / STEPS).collect());
            }
            Self { above, at, below, levels }
        }

        /// Whether a value is marked, if so many columns beside it in the layers before and after are its neighbours, or none.
        fn is_marked(
            &self,
            (layer, x): (usize, usize),
            threshold: i16,
            [before, after]: [Option<usize>; 2],
        ) -> bool {
            let at = self.at[layer][x];
            let mut others: Vec<i16> = vec![];
            let mut add = |layer: usize, columns: usize, is_own: bool| {
                let Some(middle) = self.at.get(layer) else { return };
                others.extend(&middle[x - columns..=x + columns]);
                if columns > 0 || is_own {
                    let rows = [&self.above[layer], &self.below[layer]];
                    others.extend(rows.into_iter().flat_map(|row| &row[x - columns..=x + columns]));
                }
            };
            add(layer, 1, true);
            before.into_iter().for_each(|columns| add(layer - 1, columns, false));
            after.into_iter().for_each(|columns| add(layer + 1, columns, false));
            at >= threshold && others.iter().all(|&other| at >= other)
                || at <= -threshold && others.iter().all(|&other| at <= other)
        }
    }

    #[test]
    fn marks_are_those_of_the_definition() {
        // Few values, so that many are equal.
        let few = [(2, 1, 0), (3, 2, 3), (4, 5, 1), (5, 3, 2), (6, 2, 1), (9, 3, 1)];
        let few = few.map(|(layers, chunks, threshold)| (layers, chunks, threshold, -4..4, [0; 2]));
        // Chunks in which nothing reaches the threshold, or on one side alone, at the ends and between others.
        let limited = [0xff03_0c0f_2cc4_813f, 0xffc3_0ccf_20c4_e1ff];
        let parted = [2, 3, 4, 6, 9].map(|layers| (layers, 512, 50, -64..64, limited));
        for (layers, chunks, threshold, range, limited) in few.into_iter().chain(parted) {
            let width = chunks * CHUNK;
            let rows = Sample::new(layers, width, range, (threshold - 1, limited));
            let levels: Vec<&[f32]> = rows.levels.iter().map(|level| &level[..]).collect();
            for isa in Isa::each() {
                let mut below = vec![vec![0; width]; layers];
                let mut around: Vec<_> = rows
                    .above
                    .iter()
                    .zip(&rows.at)
                    .zip(&mut below)
                    .map(|((above, at), below)| Layer { above, at, below })
                    .collect();
                let mut marks = vec![u8::MAX; width];
                mark(isa, &levels, &mut around, threshold, &mut marks);
                assert_eq!(below, rows.below);
                let neighbours = |layer: usize| {
                    if layer.is_multiple_of(LAYERS - 1) { [Some(1), None] } else { [Some(1), Some(1)] }
                };
                let expected: Vec<u8> = (1..width - 1)
                    .map(|x| {
                        let bit = |layer| {
                            u8::from(rows.is_marked((layer, x), threshold, neighbours(layer))) << (layer - 1)
                        };
                        (1..layers).map(bit).sum()
                    })
                    .collect();
                assert!(expected.iter().any(|&marks| marks > 0) && expected.contains(&0));
                assert_eq!(marks[1..width - 1], expected, "{isa:?}, {layers} layers, {chunks} chunks");
            }
        }
    }

    #[test]
    fn differences_are_rounded_to_the_nearest_step() {
        let row = |first: [f32; 4]| [first; CHUNK / 4].concat();
        let (level, less) =
            (row([255.0, 0.0, 3.5 / STEPS, 1.4 / STEPS]), row([0.0, 255.0, 0.0, 2.0 / STEPS]));
        for isa in Isa::each() {
            let mut out = [0; CHUNK];
            subtract(isa, &level, &less, &mut out);
            assert_eq!(out.as_chunks().0, [[32_640, -32_640, 4, -1]; CHUNK / 4]);
        }
        assert_eq!(rounded(-1.0), -128);
    }
}
