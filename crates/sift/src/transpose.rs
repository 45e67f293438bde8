//! Exchange of rows and columns, so that a pass along rows can work on as many rows as a register has lanes.

/// Columns that are exchanged at a time.
pub(crate) const SIDE: usize = 8;

/// On registers.
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86_64 {
    use std::arch::x86_64::*;

    use super::SIDE;

    /// Eight registers of one row or column each to eight of one column or row each.
    #[inline]
    #[target_feature(enable = "avx")]
    pub(crate) fn square(rows: [__m256; SIDE]) -> [__m256; SIDE] {
        let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
        let pairs = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let quads = |a, b| (_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xee>(a, b));
        let halves = |a, b| (_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b));
        // A letter is a column, and digits are the rows that stand side by side; the upper half of each register
        // holds the column four further on.
        let ((ab01, cd01), (ab23, cd23)) = (pairs(r0, r1), pairs(r2, r3));
        let ((ab45, cd45), (ab67, cd67)) = (pairs(r4, r5), pairs(r6, r7));
        let ((a03, b03), (c03, d03)) = (quads(ab01, ab23), quads(cd01, cd23));
        let ((a47, b47), (c47, d47)) = (quads(ab45, ab67), quads(cd45, cd67));
        let ((a, e), (b, f)) = (halves(a03, a47), halves(b03, b47));
        let ((c, g), (d, h)) = (halves(c03, c47), halves(d03, d47));
        [a, b, c, d, e, f, g, h]
    }

    /// Eight registers of one column of sixteen rows each to the left or right half, of four columns, of rows: those
    /// of rows 0, 4, 8 and 12 in the first register, of 1, 5, 9 and 13 in the second, and so on; first the left ones.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn quarters(columns: [__m512; SIDE]) -> [[__m512; 4]; 2] {
        let [a, b, c, d, e, f, g, h] = columns;
        let pairs = |a, b| (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
        let quads = |a, b| (_mm512_shuffle_ps::<0x44>(a, b), _mm512_shuffle_ps::<0xee>(a, b));
        let rows = |a, b, c, d| {
            let ((ab01, ab23), (cd01, cd23)) = (pairs(a, b), pairs(c, d));
            let ((r0, r1), (r2, r3)) = (quads(ab01, cd01), quads(ab23, cd23));
            [r0, r1, r2, r3]
        };
        [rows(a, b, c, d), rows(e, f, g, h)]
    }
}
