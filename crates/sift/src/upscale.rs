//! The doubled image in which the first octave is sought.

use crate::isa::for_each_isa;

for_each_isa! {
    /// Writes row `y`, from column `start` on, of the image doubled in both directions by linear interpolation, as
    /// `cv::resize` does it (`INTER_LINEAR`: samples lie at quarters between pixels, edges are clamped), or
    /// `cv::warpAffine` where `precise` (samples lie on pixels and halfway between). Every value is exact in 32 bits.
    /// `image` is grey pixels and their width; `blend` is scratch memory.
    pub(crate) fn doubled_row(
        image: (&[u8], usize),
        y: usize,
        start: usize,
        precise: bool,
        blend: &mut Vec<f32>,
        out: &mut [f32],
    ) = doubled_row_body;
}

#[inline(always)]
fn doubled_row_body(
    (grey, width): (&[u8], usize),
    y: usize,
    start: usize,
    precise: bool,
    blend: &mut Vec<f32>,
    out: &mut [f32],
) {
    let height = grey.len() / width;
    let (near, far, weight) = neighbours(y, height, precise);
    let near = &grey[near * width..][..width];
    let far = &grey[far * width..][..width];
    // The pixels that columns from `start` on take, and one before them.
    let origin = (start / 2).saturating_sub(1);
    blend.clear();
    blend.extend(
        near.iter()
            .zip(far)
            .skip(origin)
            .take(out.len() / 2 + 4)
            .map(|(&near, &far)| f32::from(near) * (1.0 - weight) + f32::from(far) * weight),
    );
    let blend = &blend[..];
    // What even columns take of the pixel before and their own, and odd ones of their own and the one after.
    let (even, odd) = if precise { ([0.0, 1.0], [0.5, 0.5]) } else { ([0.25, 0.75], [0.75, 0.25]) };
    let mix = |[a, b]: [f32; 2], left: f32, right: f32| a * left + b * right;
    let last = width - 1;
    let at = |x: usize| blend[x.min(last) - origin];
    let single = |column: usize| {
        let x = column / 2;
        if column.is_multiple_of(2) {
            mix(even, at(x.saturating_sub(1)), at(x))
        } else {
            mix(odd, at(x), at(x + 1))
        }
    };
    // Pairs that have a pixel on both sides; single columns before and after them.
    let first = start.div_ceil(2).max(1);
    let end = ((start + out.len()) / 2).min(last).max(first);
    let (head, rest) = out.split_at_mut((2 * first - start).min(out.len()));
    let (pairs, tail) = rest.split_at_mut((2 * (end - first)).min(rest.len()));
    for (i, out) in head.iter_mut().enumerate() {
        *out = single(start + i);
    }
    for (i, out) in tail.iter_mut().enumerate() {
        *out = single(2 * end + i);
    }
    for (out, around) in pairs.as_chunks_mut::<2>().0.iter_mut().zip(blend[first - 1 - origin..].windows(3)) {
        *out = [mix(even, around[0], around[1]), mix(odd, around[1], around[2])];
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
        doubled_row(Isa::detect(), (&[0, 100, 200, 40, 140, 240], 3), 0, 0, false, &mut Vec::new(), &mut row);
        assert_eq!(row, [0.0, 25.0, 75.0, 125.0, 175.0, 200.0]);
        doubled_row(Isa::detect(), (&[0, 100, 200, 40, 140, 240], 3), 1, 0, false, &mut Vec::new(), &mut row);
        assert_eq!(row, [10.0, 35.0, 85.0, 135.0, 185.0, 210.0]);
    }

    #[test]
    fn precise_form_keeps_pixels() {
        let mut row = [0.0; 4];
        doubled_row(Isa::detect(), (&[0, 100, 40, 60], 2), 1, 0, true, &mut Vec::new(), &mut row);
        assert_eq!(row, [20.0, 50.0, 80.0, 80.0]);
    }
}
