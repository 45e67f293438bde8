//! The doubled image in which the first octave is sought.

use crate::Params;
use crate::float::greater;
use crate::isa::for_each_isa;

/// What black pixels are taken for: so little that a sum of grey levels that other pixels have a part in is hardly ever rounded
/// otherwise for it, and enough for blurs of 0.1 px and more not to come down to numbers below the normal range of floats, for which
/// processors take a hundred times as long.
const BLACK: f32 = 1e-14;

/// Contrast, as a share of the range of grey levels, below which a keypoint might be among what [`BLACK`] changes.
const FAINT: f64 = 1e-6;

/// Pairs of columns that fill vectors of any instruction set.
const PAIRS: usize = 32;

/// How an image is doubled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubling {
    /// Whether samples lie on pixels and halfway between, not at quarters between them.
    precise: bool,
    /// What a black pixel is taken for.
    black: f32,
}

impl Doubling {
    pub(crate) fn new(params: &Params) -> Self {
        Self { precise: params.precise_upscale, black: black(params) }
    }
}

/// What a black pixel is taken for, and the greatest difference that may come of that alone.
pub(crate) fn black(params: &Params) -> f32 {
    let contrast = params.contrast_threshold / f64::from(params.octave_layers);
    if contrast < FAINT { 0.0 } else { BLACK }
}

for_each_isa! {
    /// Writes row `y`, from column `start` on, of the image doubled in both directions by linear interpolation, as
    /// `cv::resize` does it (`INTER_LINEAR`: samples lie at quarters between pixels, edges are clamped), or
    /// `cv::warpAffine` where it is precise (samples lie on pixels and halfway between). Every value is exact in 32 bits
    /// but for black pixels.
    /// `image` is grey pixels and their width; `blend` is scratch memory.
    pub(crate) fn doubled_row(
        image: (&[u8], usize),
        y: usize,
        start: usize,
        doubling: Doubling,
        blend: &mut Vec<f32>,
        out: &mut [f32],
    ) = doubled_row_body;
}

#[inline(always)]
fn doubled_row_body(
    (grey, width): (&[u8], usize),
    y: usize,
    start: usize,
    Doubling { precise, black }: Doubling,
    blend: &mut Vec<f32>,
    out: &mut [f32],
) {
    // The pairs of columns that are asked for, and what they take of the pixel before them, of their own and of the one after.
    let first = start / 2;
    let count = (start % 2 + out.len()).div_ceil(2);
    let rows = neighbours(y, grey.len() / width, precise);
    blend_pixels((grey, width), rows, black, first, count + 2, blend);
    let (even, odd) = if precise { ([0.0, 1.0], [0.5, 0.5]) } else { ([0.25, 0.75], [0.75, 0.25]) };
    let mix = |[a, b]: [f32; 2], left: f32, right: f32| a * left + b * right;
    // A column before whole pairs, or after them, is alone.
    let (head, rest) = out.split_at_mut(start % 2);
    head.iter_mut().for_each(|out| *out = mix(odd, blend[1], blend[2]));
    let blend = &blend[head.len()..];
    let (pairs, tail) = rest.as_chunks_mut::<2>();
    tail.iter_mut().for_each(|out| *out = mix(even, blend[pairs.len()], blend[pairs.len() + 1]));
    // As many as fill vectors, and the last ones, some of them again.
    for range in [0..pairs.len() / PAIRS * PAIRS, pairs.len().saturating_sub(PAIRS)..pairs.len()] {
        for (out, around) in pairs[range.clone()].iter_mut().zip(blend[range.start..].windows(3)) {
            *out = [mix(even, around[0], around[1]), mix(odd, around[1], around[2])];
        }
    }
}

/// Mixes two rows, `count` pixels at least, from the one before pixel `first` on. Beyond either edge, by one pixel at most, the outermost
/// one is repeated.
#[inline(always)]
fn blend_pixels(
    (grey, width): (&[u8], usize),
    (near, far, weight): (usize, usize, f32),
    black: f32,
    first: usize,
    count: usize,
    blend: &mut Vec<f32>,
) {
    let (near, far) = (&grey[near * width..], &grey[far * width..]);
    let mix = |(&near, &far)| greater(f32::from(near) * (1.0 - weight) + f32::from(far) * weight, black);
    let pixels = || near.iter().zip(far).map(mix);
    blend.clear();
    if first == 0 {
        blend.extend(pixels().next());
    }
    let before = first.saturating_sub(1);
    let end = blend.len() + width - before;
    // As many as fill vectors, even beyond the row.
    blend.extend(pixels().skip(before).take(count.next_multiple_of(2 * PAIRS)));
    if end < count {
        blend.truncate(end);
        blend.extend_from_within(end - 1..);
    }
}

/// The source rows that row `y` lies between, the nearer first, and the weight of the farther.
fn neighbours(y: usize, height: usize, precise: bool) -> (usize, usize, f32) {
    let near = y / 2;
    let below = (near + 1).min(height - 1);
    match (y.is_multiple_of(2), precise) {
        (true, true) => (near, near, 0.0),
        (false, true) => (near, below, 0.5),
        (true, false) => (near, near.saturating_sub(1), 0.25),
        (false, false) => (near, below, 0.25),
    }
}

#[cfg(test)]
mod tests {
    use super::{BLACK, Doubling, doubled_row};
    use crate::{Isa, Params};

    const ROUGH: Doubling = Doubling { precise: false, black: 0.0 };
    const PRECISE: Doubling = Doubling { precise: true, black: 0.0 };

    #[test]
    fn interpolates_at_quarters_with_clamped_edges() {
        let mut row = [0.0; 6];
        doubled_row(Isa::detect(), (&[0, 100, 200, 40, 140, 240], 3), 0, 0, ROUGH, &mut Vec::new(), &mut row);
        assert_eq!(row, [0.0, 25.0, 75.0, 125.0, 175.0, 200.0]);
        doubled_row(Isa::detect(), (&[0, 100, 200, 40, 140, 240], 3), 1, 0, ROUGH, &mut Vec::new(), &mut row);
        assert_eq!(row, [10.0, 35.0, 85.0, 135.0, 185.0, 210.0]);
    }

    #[test]
    fn any_part_of_a_row_is_that_of_the_whole_one() {
        for (width, height) in [(1, 1), (2, 3), (50, 2), (131, 3)] {
            let grey: Vec<u8> = (0..width * height).map(|i| (i * 89 % 256) as u8).collect();
            for (y, doubling) in (0..2 * height).flat_map(|y| [(y, ROUGH), (y, PRECISE)]) {
                let precise = doubling.precise;
                let (near, far, weight) = super::neighbours(y, height, precise);
                let pixel = |x: usize| {
                    let at = |row: usize| f32::from(grey[row * width + x.min(width - 1)]);
                    at(near) * (1.0 - weight) + at(far) * weight
                };
                let whole: Vec<f32> = (0..2 * width)
                    .map(|x| match (x.is_multiple_of(2), precise) {
                        (true, true) => pixel(x / 2),
                        (false, true) => 0.5 * pixel(x / 2) + 0.5 * pixel(x / 2 + 1),
                        (true, false) => 0.25 * pixel((x / 2).saturating_sub(1)) + 0.75 * pixel(x / 2),
                        (false, false) => 0.75 * pixel(x / 2) + 0.25 * pixel(x / 2 + 1),
                    })
                    .collect();
                for isa in Isa::each() {
                    for start in (0..2 * width).step_by(3) {
                        for end in [start + 1, (start + 2 * width).div_ceil(2), 2 * width - 1, 2 * width] {
                            let mut out = vec![f32::NAN; end.max(start + 1) - start];
                            let mut blend = vec![f32::NAN; 3];
                            doubled_row(isa, (&grey, width), y, start, doubling, &mut blend, &mut out);
                            assert_eq!(
                                out,
                                whole[start..start + out.len()],
                                "{width}x{height}, row {y} from {start}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn precise_form_keeps_pixels() {
        let mut row = [0.0; 4];
        doubled_row(Isa::detect(), (&[0, 100, 40, 60], 2), 1, 0, PRECISE, &mut Vec::new(), &mut row);
        assert_eq!(row, [20.0, 50.0, 80.0, 80.0]);
    }

    #[test]
    fn black_pixels_count_for_something_where_no_keypoint_can_tell() {
        let black = |contrast_threshold: f64, octave_layers: u32| {
            Doubling::new(&Params { contrast_threshold, octave_layers, ..Params::default() })
        };
        let cases = [(0.0, 3), (1e-6, 3), (9e-7, 1), (1.1e-6, 1)];
        assert_eq!(cases.map(|(contrast, layers)| black(contrast, layers).black), [0.0, 0.0, 0.0, BLACK]);
        for isa in Isa::each() {
            let mut row = [f32::NAN; 6];
            doubled_row(isa, (&[0, 0, 8], 3), 0, 0, black(0.04, 3), &mut Vec::new(), &mut row);
            assert!(row[..3].iter().all(|&sample| sample > 0.9 * BLACK && sample < 1.1 * BLACK), "{row:?}");
            assert_eq!(row[3..], [2.0, 6.0, 8.0]);
        }
    }
}
