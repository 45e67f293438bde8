//! Candidates for extrema, marked among differences rounded to 16 bits.

use crate::aligned::Aligned;
use crate::isa::{Isa, for_each_isa};

/// Rows of a neighbourhood.
pub(crate) const ROWS: usize = 3;

/// What rows are held in whole multiples of: 32 differences of 16 bits.
pub(crate) const CHUNK: usize = 32;

/// Rounded differences around those of a row to be marked, all of one length, a multiple of [`CHUNK`].
#[derive(Clone, Copy)]
pub(crate) struct Neighbourhood<'a> {
    /// Above, at and below.
    pub(crate) rows: [&'a [i16]; ROWS],
    /// The same row of the layers before and after.
    pub(crate) layers: [&'a [i16]; 2],
}

/// What is set where.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    /// Least absolute value that is marked.
    pub(crate) threshold: i16,
    /// What is set in the mark, and what is left of what was there.
    pub(crate) bit: u8,
    pub(crate) kept: u8,
}

/// Greatest and least of each column of three rows, kept from row to row, after a chunk on which nothing depends.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    greatest: Aligned<i16>,
    least: Aligned<i16>,
}

impl Columns {
    /// Makes room for rows of so many differences.
    pub(crate) fn resize(&mut self, width: usize) {
        self.greatest.resize(width + 2 * CHUNK);
        self.least.resize(width + 2 * CHUNK);
    }
}

/// Marks the columns whose value in the middle row is at least the threshold in absolute value and not within its 8 neighbours and
/// the same column of the layers before and after. Of the first and last columns marks do not matter.
pub(crate) fn mark(isa: Isa, around: Neighbourhood<'_>, mark: Mark, columns: &mut Columns, marks: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if isa.level() == crate::isa::Level::Avx512 {
        return avx512::mark(isa, around, mark, marks);
    }
    mark_by_columns(isa, around, mark, (&mut columns.greatest, &mut columns.least), marks);
}

for_each_isa! {
    /// As [`mark`], first the columns, then their neighbours.
    fn mark_by_columns(
        around: Neighbourhood<'_>,
        mark: Mark,
        columns: (&mut [i16], &mut [i16]),
        marks: &mut [u8],
    ) = mark_by_columns_body;
}

#[inline(always)]
fn mark_by_columns_body(
    Neighbourhood { rows: [above, at, below], layers: [lower, upper] }: Neighbourhood<'_>,
    Mark { threshold, bit, kept }: Mark,
    (greatest, least): (&mut [i16], &mut [i16]),
    marks: &mut [u8],
) {
    let width = marks.len();
    let rows = above.iter().zip(at).zip(below);
    let around = greatest[CHUNK..].iter_mut().zip(&mut least[CHUNK..]);
    for (((&above, &at), &below), (greatest, least)) in rows.zip(around) {
        *greatest = above.max(at).max(below);
        *least = above.min(at).min(below);
    }
    let (at, lower, upper) = (&at[..width], &lower[..width], &upper[..width]);
    let (before, middle, after) =
        (&greatest[CHUNK - 1..][..width], &greatest[CHUNK..][..width], &greatest[CHUNK + 1..][..width]);
    let (before_low, middle_low, after_low) =
        (&least[CHUNK - 1..][..width], &least[CHUNK..][..width], &least[CHUNK + 1..][..width]);
    for x in 0..width {
        let high = before[x].max(middle[x]).max(after[x]).max(lower[x].max(upper[x])).max(threshold);
        let low =
            before_low[x].min(middle_low[x]).min(after_low[x]).min(lower[x].min(upper[x])).min(-threshold);
        marks[x] = marks[x] & kept | if (at[x] >= high) | (at[x] <= low) { bit } else { 0 };
    }
}

/// In one pass: columns stay in registers, and their neighbours are shuffled from two of them, where the pass above writes them and
/// reads them three times, which takes as long as all the rest.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx512 {
    use std::arch::x86_64::*;

    use super::{CHUNK, Mark, Neighbourhood};
    use crate::isa::{Isa, Level};

    pub(super) fn mark(isa: Isa, around: Neighbourhood<'_>, mark: Mark, marks: &mut [u8]) {
        assert_eq!(isa.level(), Level::Avx512);
        // SAFETY: an `Isa` of this level exists only where the machine was found to have these instructions.
        unsafe { mark_chunks(around, mark, marks) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn load(from: &[i16; CHUNK]) -> __m512i {
        // SAFETY: there are 32 values to read, and the load needs no alignment.
        unsafe { _mm512_loadu_epi16(from.as_ptr()) }
    }

    /// Greatest and least of each column.
    #[derive(Clone, Copy)]
    struct Extremes {
        greatest: __m512i,
        least: __m512i,
    }

    impl Extremes {
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        fn of(above: &[i16; CHUNK], at: &[i16; CHUNK], below: &[i16; CHUNK]) -> Self {
            let (above, at, below) = (load(above), load(at), load(below));
            Self {
                greatest: _mm512_max_epi16(_mm512_max_epi16(above, at), below),
                least: _mm512_min_epi16(_mm512_min_epi16(above, at), below),
            }
        }

        /// Columns that are in this chunk or the next one, at these places of both.
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        fn at(self, places: __m512i, next: Self) -> Self {
            Self {
                greatest: _mm512_permutex2var_epi16(self.greatest, places, next.greatest),
                least: _mm512_permutex2var_epi16(self.least, places, next.least),
            }
        }

        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        fn and(self, other: Self) -> Self {
            Self {
                greatest: _mm512_max_epi16(self.greatest, other.greatest),
                least: _mm512_min_epi16(self.least, other.least),
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn mark_chunks(
        Neighbourhood { rows: [above, at, below], layers: [lower, upper] }: Neighbourhood<'_>,
        Mark { threshold, bit, kept }: Mark,
        marks: &mut [u8],
    ) {
        let places: [i16; CHUNK] = std::array::from_fn(|i| i as i16);
        // The last one of a chunk, then the next chunk; a chunk but the first one, then that of the next.
        let before = _mm512_add_epi16(load(&places), _mm512_set1_epi16(CHUNK as i16 - 1));
        let after = _mm512_add_epi16(load(&places), _mm512_set1_epi16(1));
        let thresholds =
            Extremes { greatest: _mm512_set1_epi16(threshold), least: _mm512_set1_epi16(-threshold) };
        let (bit, kept) = (_mm256_set1_epi8(bit.cast_signed()), _mm256_set1_epi8(kept.cast_signed()));
        let mut rows = above.as_chunks().0.iter().zip(at.as_chunks().0).zip(below.as_chunks().0);
        let layers = at.as_chunks().0.iter().zip(lower.as_chunks().0.iter().zip(upper.as_chunks().0));
        let Some(((above, at), below)) = rows.next() else { return };
        let mut here = Extremes::of(above, at, below);
        let mut last = here;
        for (marks, (at, (lower, upper))) in marks.as_chunks_mut::<CHUNK>().0.iter_mut().zip(layers) {
            let next = match rows.next() {
                Some(((above, at), below)) => Extremes::of(above, at, below),
                None => here,
            };
            let (lower, upper) = (load(lower), load(upper));
            let beside =
                Extremes { greatest: _mm512_max_epi16(lower, upper), least: _mm512_min_epi16(lower, upper) };
            let around =
                last.at(before, here).and(here.at(after, next)).and(here).and(beside.and(thresholds));
            let at = load(at);
            let marked =
                _mm512_cmpge_epi16_mask(at, around.greatest) | _mm512_cmple_epi16_mask(at, around.least);
            // SAFETY: there are 32 bytes to read and to write, and neither needs alignment.
            unsafe {
                let was = _mm256_loadu_si256(marks.as_ptr().cast());
                let is = _mm256_or_si256(_mm256_and_si256(was, kept), _mm256_maskz_mov_epi8(marked, bit));
                _mm256_storeu_si256(marks.as_mut_ptr().cast(), is);
            }
            (last, here) = (here, next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn marks_are_those_of_the_definition() {
        for (chunks, threshold) in [(1, 0), (2, 3), (5, 1)] {
            let width = chunks * CHUNK;
            let mut state = 1_u64;
            // Few values, so that many are equal.
            let mut row = || -> Vec<i16> {
                let mut sample = || {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 56) as i16 % 8 - 4
                };
                (0..width).map(|_| sample()).collect()
            };
            let (rows, layers) = ([row(), row(), row()], [row(), row()]);
            let around =
                Neighbourhood { rows: [&rows[0], &rows[1], &rows[2]], layers: [&layers[0], &layers[1]] };
            let is_marked = |x: usize| {
                let at = rows[1][x];
                let all =
                    rows.iter().flat_map(|row| &row[x - 1..=x + 1]).chain(layers.iter().map(|row| &row[x]));
                let (mut above, mut below) = (at >= threshold, at <= -threshold);
                for &other in all {
                    above &= at >= other;
                    below &= at <= other;
                }
                above | below
            };
            for level in [Level::Scalar, Level::Avx2, Level::Avx512] {
                let mut columns = Columns::default();
                columns.resize(width);
                let mut marks = vec![0b101; width];
                mark(
                    Isa::at_most(level),
                    around,
                    Mark { threshold, bit: 2, kept: 4 },
                    &mut columns,
                    &mut marks,
                );
                let expected: Vec<u8> = (1..width - 1).map(|x| if is_marked(x) { 6 } else { 4 }).collect();
                assert!(expected.contains(&6) && expected.contains(&4));
                assert_eq!(marks[1..width - 1], expected, "{level:?}, {chunks} chunks");
            }
        }
    }
}
