//! An image taken apart into planes with a border.

use crate::Image;

/// One plane a channel, extended on all sides by reflection without repeating the edge (`cv::BORDER_REFLECT_101`).
#[derive(Debug, Default)]
pub(crate) struct Planes {
    pixels: Vec<u8>,
    border: usize,
    stride: usize,
    plane: usize,
}

impl Planes {
    /// Fills the planes from an image, keeping the memory they have where that is enough.
    pub(crate) fn fill(&mut self, image: Image<'_>, border: usize) {
        let (width, height, channels) = (image.width(), image.height(), image.channels());
        self.border = border;
        self.stride = width + 2 * border;
        self.plane = self.stride * (height + 2 * border);
        self.pixels.resize(self.plane * channels, 0);
        let columns: Vec<usize> = reflected(width, border).map(|x| x * channels).collect();
        let (left, rest) = columns.split_at(border);
        let right = &rest[width..];
        for (channel, plane) in self.pixels.chunks_exact_mut(self.plane).enumerate() {
            for (row, y) in plane.chunks_exact_mut(self.stride).zip(reflected(height, border)) {
                let source = &image.pixels()[y * width * channels..][..width * channels];
                let (before, row) = row.split_at_mut(border);
                let (within, after) = row.split_at_mut(width);
                take_channel(source, (channel, channels), within);
                for (pixel, &column) in before.iter_mut().zip(left).chain(after.iter_mut().zip(right)) {
                    *pixel = source[column + channel];
                }
            }
        }
    }

    /// `len` pixels of a channel from column `x` of row `y` on, either of which may be negative, within the border.
    #[inline(always)]
    pub(crate) fn row(&self, channel: usize, y: isize, x: isize, len: usize) -> &[u8] {
        let row = (y + self.border as isize) as usize;
        let column = (x + self.border as isize) as usize;
        &self.pixels[channel * self.plane + row * self.stride + column..][..len]
    }

    /// The same, but only those pixels that are within the border, and how many are missing before them.
    pub(crate) fn row_within(&self, channel: usize, y: isize, x: isize, len: usize) -> (usize, &[u8]) {
        let border = self.border as isize;
        let (width, height) = (self.stride as isize - border, (self.plane / self.stride) as isize - border);
        let first = x.max(-border);
        let last = (x + len as isize).min(width);
        if first >= last || y < -border || y >= height {
            return (0, &[]);
        }
        ((first - x) as usize, self.row(channel, y, first, (last - first) as usize))
    }
}

/// One of so many channels of interleaved pixels.
fn take_channel(pixels: &[u8], (channel, channels): (usize, usize), to: &mut [u8]) {
    match channels {
        1 => to.copy_from_slice(pixels),
        // As arrays, which the compiler takes apart in vectors.
        2 => to.iter_mut().zip(pixels.as_chunks::<2>().0).for_each(|(to, pixel)| *to = pixel[channel & 1]),
        _ => to
            .iter_mut()
            .zip(pixels.iter().skip(channel).step_by(channels))
            .for_each(|(to, &from)| *to = from),
    }
}

fn reflected(len: usize, border: usize) -> impl Iterator<Item = usize> {
    let period = 2 * (len as isize - 1).max(1);
    let border = border as isize;
    (-border..len as isize + border).map(move |i| {
        let folded = i.rem_euclid(period);
        if len == 1 { 0 } else { folded.min(period - folded) as usize }
    })
}
