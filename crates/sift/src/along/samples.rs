//! Vectors of samples that begin anywhere.

use crate::ring::LINE;
use crate::vector::Vector;

/// The samples of a row from `offset` on; `around` begins with a line. A vector that straddles two lines takes two loads, so some are put
/// together from aligned ones in registers, as many as let loads and shuffles keep pace with the multiply-adds: of every `LOADING`
/// rows, of which this is number `row`, one loads what straddles lines, of 0 none does.
#[inline(always)]
pub(super) fn samples<V: Vector, const LOADING: usize>(around: &[f32], row: usize, offset: usize) -> V {
    let aligned = |i: usize| V::load(&around[i * V::LANES..]);
    let (before, shift) = (offset / V::LANES, offset % V::LANES);
    let straddles = offset % LINE + V::LANES > LINE;
    if straddles && (LOADING == 0 || !row.is_multiple_of(LOADING)) {
        shifted(aligned(before), aligned(before + 1), shift)
    } else {
        V::load(&around[offset..])
    }
}

/// As many samples of a vector and the next one as a vector has, from the `by`th on.
#[inline(always)]
pub(super) fn shifted<V: Vector>(before: V, after: V, by: usize) -> V {
    macro_rules! by {
        ($($by:literal)*) => {
            match by {
                $($by => before.shift::<$by>(after),)*
                _ => before,
            }
        };
    }
    by!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
}
