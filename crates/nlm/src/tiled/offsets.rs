//! Offsets between the pixels of pairs: of each two opposite ones in the search window, one.

/// How far the other end of a pair is, px.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offset {
    pub(super) dy: usize,
    pub(super) dx: isize,
}

/// Offsets that follow each other along a row of the search window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offsets {
    pub(super) first: Offset,
    pub(super) count: usize,
}

impl Offsets {
    /// Most of them: all of a row of the default search window.
    pub(super) const MOST: usize = 22;

    /// Those of row `dy` of the search window, in as few groups of like and even size as [`MOST`](Self::MOST) allows.
    pub(super) fn of_row(dy: usize, search: usize) -> impl Iterator<Item = Self> {
        let (first_dx, all) = if dy == 0 { (1, search) } else { (-(search as isize), 2 * search + 1) };
        let size = all.div_ceil(all.div_ceil(Self::MOST)).next_multiple_of(2);
        (0..all).step_by(size).map(move |skipped| Self {
            first: Offset { dy, dx: first_dx + skipped as isize },
            count: size.min(all - skipped),
        })
    }

    /// Each of them.
    #[inline(always)]
    pub(super) fn iter(self) -> impl Iterator<Item = Offset> {
        (0..self.count as isize).map(move |by| Offset { dx: self.first.dx + by, ..self.first })
    }

    /// Pairs of neighbours that they make, the last of which may lack its second.
    pub(super) fn pairs(self) -> usize {
        self.count.div_ceil(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_all_offsets_of_a_row_once() {
        for search in 1..=64 {
            for (dy, first) in [(0, 1), (1, -search)] {
                let groups: Vec<Offsets> = Offsets::of_row(dy, search as usize).collect();
                let offsets = groups.iter().flat_map(|group| group.iter().map(|offset| offset.dx));
                assert!(offsets.eq(first..=search), "{groups:?}");
                let (_, but_last) = groups.split_last().unwrap();
                assert!(but_last.iter().all(|group| group.count % 2 == 0), "{groups:?}");
                assert!(groups.iter().all(|group| group.count <= Offsets::MOST), "{groups:?}");
            }
        }
    }
}
