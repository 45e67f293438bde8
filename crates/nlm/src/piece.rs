//! Parts of a picture.

/// A part of a picture, px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Piece {
    /// A band of `height` rows from row `y` on, in pieces of about the same width, none wider than `widest`.
    pub(crate) fn of_band(
        width: usize,
        (y, height): (usize, usize),
        widest: usize,
    ) -> impl Iterator<Item = Self> {
        let each = width.div_ceil(width.div_ceil(widest));
        (0..width).step_by(each).map(move |x| Self { x, y, width: each.min(width - x), height })
    }
}
