//! Offsets along a row, in groups of as many as a vector has lanes.

use std::ops::{Range, RangeInclusive};

use crate::lanes::{Lanes, WIDEST};

/// Neighbouring offsets, one a lane; lanes beyond the last are for none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    pub(super) first: isize,
    count: usize,
}

/// The offsets in a row of the search window, one of each pair of opposite ones.
pub(super) fn offsets(dy: isize, search: isize) -> RangeInclusive<isize> {
    if dy == 0 { 1..=search } else { -search..=search }
}

/// Groups of so many, in order.
pub(super) fn groups(offsets: RangeInclusive<isize>, lanes: usize) -> impl Iterator<Item = Group> + Clone {
    let end = *offsets.end();
    offsets.step_by(lanes).map(move |first| Group { first, count: lanes.min((end - first) as usize + 1) })
}

impl Group {
    fn last(self) -> isize {
        self.first + self.count as isize - 1
    }

    /// Columns, counted from a piece's first, that begin the pairs of which either end is in a piece so wide, and one more:
    /// from an even number to an even number.
    #[inline(always)]
    pub(super) fn pairs(self, width: usize) -> Range<isize> {
        let first = (-self.last()).min(0);
        let end = width as isize + (-self.first).max(0);
        // Down and up to the next multiple of 2.
        first & !1..(end + 2) & !1
    }

    /// Column beyond the pairs of any group.
    pub(super) fn end(width: usize, search: usize) -> usize {
        width + search + 2
    }

    /// The ends of a table for the lanes that are for an offset; for others, whose sums may be of anything, one that no index
    /// is below.
    #[inline(always)]
    pub(super) fn ends<V: Lanes>(self, ends: V) -> V {
        let (mut kept, mut none) = ([0; WIDEST], [i16::MIN as u16; WIDEST]);
        kept[..self.count].fill(u16::MAX);
        none[..self.count].fill(0);
        ends.and(V::load(&kept)).add(V::load(&none))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_all_offsets_once() {
        let groups: Vec<Group> = groups(offsets(3, 25), 16).collect();
        let firsts: Vec<(isize, usize)> = groups.iter().map(|group| (group.first, group.count)).collect();
        assert_eq!(firsts, [(-25, 16), (-9, 16), (7, 16), (23, 3)]);
    }

    #[test]
    fn pairs_have_an_end_in_the_piece() {
        for group in groups(offsets(0, 9), 4).chain(groups(offsets(1, 9), 4)) {
            let Range { start, end } = group.pairs(20);
            assert!(start % 2 == 0 && end % 2 == 0 && end as usize <= Group::end(20, 9), "{group:?}");
            for x in -40..60 {
                let ends = (0..20).contains(&x)
                    || (group.first..=group.last()).any(|offset| (0..20).contains(&(x + offset)));
                assert!(!ends || (start..end - 1).contains(&x), "{group:?} from {x}");
            }
        }
    }
}
