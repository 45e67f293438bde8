//! Chroma at full width and height, bit for bit as libjpeg-turbo's "fancy" upsampling: a triangle filter for
//! factors of 2, repetition for the others.

use super::frame::{Component, Frame};

/// How a component becomes as large as the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Full,
    /// 2 x 1 with the triangle filter.
    H2V1,
    /// 1 x 2 with the triangle filter.
    H1V2,
    /// 2 x 2 with the triangle filter.
    H2V2,
    Repeat {
        h: usize,
        v: usize,
    },
}

/// Gives the rows of one component at the size of the picture.
pub(super) struct Upsampler<'a> {
    component: &'a Component,
    method: Method,
    /// Sums of two rows, 3 : 1.
    sums: Vec<u16>,
    row: Vec<u8>,
}

impl<'a> Upsampler<'a> {
    pub(super) fn new(frame: &Frame, component: &'a Component) -> Self {
        let (h, v) = (frame.max_h / component.h, frame.max_v / component.v);
        let method = match (h, v) {
            (1, 1) => Method::Full,
            (1, 2) => Method::H1V2,
            (2, 1) if component.width > 2 => Method::H2V1,
            (2, 2) if component.width > 2 => Method::H2V2,
            _ => Method::Repeat { h, v },
        };
        let sums = vec![0; component.width];
        Self { component, method, sums, row: vec![0; h * component.width] }
    }

    /// Row `y` of the picture; it may be longer than the picture is wide.
    pub(super) fn row(&mut self, y: usize) -> &[u8] {
        match self.method {
            Method::Full => return line(self.component, y),
            Method::H2V1 => widen(line(self.component, y), &mut self.row),
            Method::H1V2 => {
                let round = 1 + y as u16 % 2;
                self.sum_rows(y);
                for (sample, sum) in self.row.iter_mut().zip(&self.sums) {
                    *sample = ((sum + round) >> 2) as u8;
                }
            }
            Method::H2V2 => {
                self.sum_rows(y);
                widen_sums(&self.sums, &mut self.row);
            }
            Method::Repeat { h, v } => {
                let stored = line(self.component, y / v);
                for (samples, value) in self.row.chunks_exact_mut(h).zip(stored) {
                    samples.fill(*value);
                }
            }
        }
        &self.row
    }

    /// Three parts of the nearer stored row and one of the farther; beyond the edges the last row repeats.
    fn sum_rows(&mut self, y: usize) {
        let near = y / 2;
        let far = if y.is_multiple_of(2) {
            near.saturating_sub(1)
        } else {
            (near + 1).min(self.component.height - 1)
        };
        let rows = line(self.component, near).iter().zip(line(self.component, far));
        for (sum, (&near, &far)) in self.sums.iter_mut().zip(rows) {
            *sum = 3 * u16::from(near) + u16::from(far);
        }
    }
}

fn line(component: &Component, y: usize) -> &[u8] {
    &component.samples[y * component.stride()..][..component.width]
}

/// Doubles a row: 3 : 1 with the neighbour, rounded down and up in turn; the outermost samples are kept.
fn widen(stored: &[u8], row: &mut [u8]) {
    let three_to_one =
        |near: u8, far: u8, round: u16| ((3 * u16::from(near) + u16::from(far) + round) >> 2) as u8;
    let last = stored.len() - 1;
    for (samples, window) in row.as_chunks_mut::<2>().0[1..].iter_mut().zip(stored.windows(3)) {
        *samples = [three_to_one(window[1], window[0], 1), three_to_one(window[1], window[2], 2)];
    }
    row[0] = stored[0];
    row[1] = three_to_one(stored[0], stored[1], 2);
    row[2 * last] = three_to_one(stored[last], stored[last - 1], 1);
    row[2 * last + 1] = stored[last];
}

fn widen_sums(sums: &[u16], row: &mut [u8]) {
    let three_to_one = |near: u16, far: u16, round: u16| ((3 * near + far + round) >> 4) as u8;
    let last = sums.len() - 1;
    for (samples, window) in row.as_chunks_mut::<2>().0[1..].iter_mut().zip(sums.windows(3)) {
        *samples = [three_to_one(window[1], window[0], 8), three_to_one(window[1], window[2], 7)];
    }
    row[0] = ((4 * sums[0] + 8) >> 4) as u8;
    row[1] = three_to_one(sums[0], sums[1], 7);
    row[2 * last] = three_to_one(sums[last], sums[last - 1], 8);
    row[2 * last + 1] = ((4 * sums[last] + 7) >> 4) as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_doubled_with_a_triangle() {
        let mut row = [0; 6];
        widen(&[10, 20, 40], &mut row);
        // 10, (30 + 20 + 2) / 4, (60 + 10 + 1) / 4, (60 + 40 + 2) / 4, (120 + 20 + 1) / 4, 40
        assert_eq!(row, [10, 13, 17, 25, 35, 40]);
    }

    #[test]
    fn flat_sums_stay_flat() {
        let mut row = [0; 8];
        widen_sums(&[4 * 77; 4], &mut row);
        assert_eq!(row, [77; 8]);
    }
}
