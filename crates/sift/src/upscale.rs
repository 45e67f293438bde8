//! The doubled image in which the first octave is sought.

use crate::isa::for_each_isa;

for_each_isa! {
/// Writes row `y` of the image doubled in both directions by linear interpolation, as `cv::resize` does it
/// (`INTER_LINEAR`: samples lie at quarters between pixels, edges are clamped), or `cv::warpAffine` where `precise`
/// (samples lie on pixels and halfway between). Every value is exact in 32 bits.
pub(crate) fn doubled_row(grey: &[u8], width: usize, y: usize, precise: bool, out: &mut [f32]) = doubled_row_body;
}

#[inline(always)]
fn doubled_row_body(grey: &[u8], width: usize, y: usize, precise: bool, out: &mut [f32]) {
    let height = grey.len() / width;
    let (near, far, weight) = neighbours(y, height, precise);
    let near = &grey[near * width..][..width];
    let far = &grey[far * width..][..width];
    let blend = |x: usize| f32::from(near[x]) * (1.0 - weight) + f32::from(far[x]) * weight;
    let pair = |before: f32, here: f32, after: f32| {
        if precise {
            [here, 0.5 * (here + after)]
        } else {
            [0.25 * before + 0.75 * here, 0.75 * here + 0.25 * after]
        }
    };
    let last = width - 1;
    let ends = [(0, 0), (last, last.saturating_sub(1))];
    for (x, before) in ends {
        out[2 * x..2 * x + 2].copy_from_slice(&pair(blend(before), blend(x), blend((x + 1).min(last))));
    }
    let inner = out.as_chunks_mut::<2>().0.get_mut(1..last).unwrap_or_default();
    for (x, out) in inner.iter_mut().enumerate() {
        *out = pair(blend(x), blend(x + 1), blend(x + 2));
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
    use super::doubled_row;
    use crate::isa::Isa;

    #[test]
    fn interpolates_at_quarters_with_clamped_edges() {
        let mut row = [0.0; 6];
        doubled_row(Isa::detect(), &[0, 100, 200, 40, 140, 240], 3, 0, false, &mut row);
        assert_eq!(row, [0.0, 25.0, 75.0, 125.0, 175.0, 200.0]);
        doubled_row(Isa::detect(), &[0, 100, 200, 40, 140, 240], 3, 1, false, &mut row);
        assert_eq!(row, [10.0, 35.0, 85.0, 135.0, 185.0, 210.0]);
    }

    #[test]
    fn precise_form_keeps_pixels() {
        let mut row = [0.0; 4];
        doubled_row(Isa::detect(), &[0, 100, 40, 60], 2, 1, true, &mut row);
        assert_eq!(row, [20.0, 50.0, 80.0, 80.0]);
    }
}
