//! A sample and its neighbours, and where extrema look them up.

use crate::float::greater;

/// A sample and its neighbours in a level or in a difference of two, by row and column. The fourth column is whatever follows: with it
/// a row fills a register.
pub(crate) type Around = [[f32; 4]; 3];

/// The levels of an octave, or some rows and columns of them.
pub(crate) trait ScaleSpace {
    /// Whether it holds the neighbours of a sample of a layer, in that layer and those beside it.
    fn holds(&self, layer: usize, y: usize, x: usize) -> bool;

    /// A sample of a level and its neighbours.
    fn around(&mut self, level: usize, y: usize, x: usize) -> Around;
}

/// What a level is more than another.
#[inline(always)]
pub(crate) fn difference(level: &Around, other: &Around) -> Around {
    let mut difference = *level;
    for (row, other) in difference.iter_mut().zip(other) {
        for (sample, other) in row.iter_mut().zip(other) {
            *sample -= other;
        }
    }
    difference
}

/// Whether a sample or a neighbour is further from zero than `value`, on the same side.
#[inline(always)]
pub(crate) fn exceeds(around: &Around, value: f32) -> bool {
    let sign = 1.0_f32.copysign(value);
    let mut greatest = [0.0; 4];
    for (i, greatest) in greatest.iter_mut().enumerate() {
        *greatest = greater(greater(sign * around[0][i], sign * around[1][i]), sign * around[2][i]);
    }
    greater(greater(greatest[0], greatest[1]), greatest[2]) > sign * value
}

/// Whether all neighbours are equal to the sample.
#[inline(always)]
pub(crate) fn is_flat(around: &Around) -> bool {
    let at = around[1][1];
    around.iter().all(|row| row[..3].iter().fold(true, |flat, sample| flat & (*sample == at)))
}

#[cfg(test)]
mod tests {
    use super::{difference, exceeds, is_flat};

    #[test]
    fn each_neighbour_but_nothing_else_can_exceed() {
        for (row, column) in (0..3).flat_map(|row| (0..4).map(move |column| (row, column))) {
            for sign in [1.0, -1.0] {
                let mut around = [[-sign; 4]; 3];
                around[row][column] = 3.0 * sign;
                assert_eq!(exceeds(&around, 2.0 * sign), column < 3, "row {row}, column {column}, {sign}");
                assert!(!exceeds(&around, 3.0 * sign), "what is as far does not exceed");
                assert!(!exceeds(&around, -2.0 * sign), "nothing is as far on the other side");
            }
        }
    }

    #[test]
    fn any_neighbour_can_end_what_is_flat() {
        assert!(is_flat(&[[5.0; 4]; 3]));
        for (row, column) in (0..3).flat_map(|row| (0..4).map(move |column| (row, column))) {
            let mut around = [[5.0; 4]; 3];
            around[row][column] = 5.0_f32.next_up();
            assert_eq!(is_flat(&around), column == 3, "row {row}, column {column}");
        }
    }

    #[test]
    fn differences_are_those_of_each_sample() {
        let around = [[5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0], [9.0, 8.0, 7.0, 6.0]];
        assert_eq!(difference(&around, &[[1.0; 4]; 3]), around.map(|row| row.map(|sample| sample - 1.0)));
    }
}
