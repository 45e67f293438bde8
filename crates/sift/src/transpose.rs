//! Exchange of rows and columns, so that a pass along rows can work on as many rows as a register has lanes.

/// Rows and columns of the square that is transposed at a time.
pub(crate) const SIDE: usize = 8;

/// Copies the square of [`SIDE`] by [`SIDE`] floats at the start of `from`, whose rows are `from_stride` apart, to the
/// start of `to`, whose rows are `to_stride` apart, with rows and columns exchanged. For every target.
#[inline(always)]
pub(crate) fn plain(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
    for column in 0..SIDE {
        for row in 0..SIDE {
            to[column * to_stride + row] = from[row * from_stride + column];
        }
    }
}

/// The same with AVX registers.
///
/// # Safety
/// The machine must have AVX.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code)]
pub(crate) unsafe fn avx(from: &[f32], from_stride: usize, to: &mut [f32], to_stride: usize) {
    use std::arch::x86_64::*;

    let row = |i: usize| &from[i * from_stride..][..SIDE];
    // SAFETY: the caller sees to AVX; each row was just found to have eight floats.
    let load = |i: usize| unsafe { _mm256_loadu_ps(row(i).as_ptr()) };
    // SAFETY: as above; nothing here but arithmetic on registers.
    let columns = unsafe {
        let pairs = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let quads = |a, b| (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xee>(a, b));
        let halves = |a, b| (_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
        // A letter is a column, and digits are the rows that stand side by side; the upper half of each register
        // holds the column four further on.
        let ((ab01, cd01), (ab23, cd23)) = (pairs(load(0), load(1)), pairs(load(2), load(3)));
        let ((ab45, cd45), (ab67, cd67)) = (pairs(load(4), load(5)), pairs(load(6), load(7)));
        let ((a03, b03), (c03, d03)) = (quads(ab01, ab23), quads(cd01, cd23));
        let ((a47, b47), (c47, d47)) = (quads(ab45, ab67), quads(cd45, cd67));
        let ((a, e), (b, f)) = (halves(a03, a47), halves(b03, b47));
        let ((c, g), (d, h)) = (halves(c03, c47), halves(d03, d47));
        [a, b, c, d, e, f, g, h]
    };
    for (i, column) in columns.into_iter().enumerate() {
        let to = &mut to[i * to_stride..][..SIDE];
        // SAFETY: as above; the slice was just found to have eight floats.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), column) };
    }
}
