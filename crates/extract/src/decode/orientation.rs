use super::Bgr;
use crate::limits::Size;

/// How the stored picture is turned for display: the eight values of EXIF and TIFF tag 274.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Orientation {
    /// Rows of the stored picture become columns; done before the flips.
    transpose: bool,
    flip_horizontally: bool,
    flip_vertically: bool,
}

impl Orientation {
    /// Tag values outside 1 to 8 mean upright, as in OpenCV.
    pub(super) fn from_tag(value: u16) -> Self {
        let (transpose, flip_horizontally, flip_vertically) = match value {
            2 => (false, true, false),
            3 => (false, true, true),
            4 => (false, false, true),
            5 => (true, false, false),
            6 => (true, true, false),
            7 => (true, true, true),
            8 => (true, false, true),
            _ => (false, false, false),
        };
        Self { transpose, flip_horizontally, flip_vertically }
    }

    /// Turns a picture upright.
    pub(super) fn apply(self, image: Bgr) -> Bgr {
        if self == Self::default() {
            return image;
        }
        let Size { width, height } = image.size();
        let size = if self.transpose { Size { width: height, height: width } } else { image.size() };
        let mut pixels = vec![0; image.pixels().len()];
        let stored = image.pixels();
        for (y, row) in pixels.chunks_exact_mut(3 * size.width).enumerate() {
            let y = if self.flip_vertically { size.height - 1 - y } else { y };
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                let x = if self.flip_horizontally { size.width - 1 - x } else { x };
                let (column, line) = if self.transpose { (y, x) } else { (x, y) };
                let at = 3 * (line * width + column);
                pixel.copy_from_slice(&stored[at..at + 3]);
            }
        }
        Bgr::new(pixels, size, image.is_grey())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_turns_as_defined() {
        // Two columns, three rows, numbered from the top left.
        let stored: Vec<u8> = (1..=6).flat_map(|n| [n, n, n]).collect();
        let image = Bgr::new(stored, Size { width: 2, height: 3 }, true);
        for (tag, width, expected) in [
            (0, 2, [1, 2, 3, 4, 5, 6]),
            (1, 2, [1, 2, 3, 4, 5, 6]),
            (2, 2, [2, 1, 4, 3, 6, 5]),
            (3, 2, [6, 5, 4, 3, 2, 1]),
            (4, 2, [5, 6, 3, 4, 1, 2]),
            (5, 3, [1, 3, 5, 2, 4, 6]),
            (6, 3, [5, 3, 1, 6, 4, 2]),
            (7, 3, [6, 4, 2, 5, 3, 1]),
            (8, 3, [2, 4, 6, 1, 3, 5]),
            (9, 2, [1, 2, 3, 4, 5, 6]),
        ] {
            let turned = Orientation::from_tag(tag).apply(image.clone());
            let numbers: Vec<u8> = turned.pixels().iter().copied().step_by(3).collect();
            assert_eq!((turned.width(), &numbers[..]), (width, &expected[..]), "tag {tag}");
        }
    }
}
