//! The accurate integer inverse DCT of libjpeg ("islow"), after Loeffler, Ligtenberg and Moschytz
//! (ICASSP 1989), bit for bit: 13-bit constants, and 2 fractional bits kept between the passes.

const CONST_BITS: u32 = 13;
const PASS1_BITS: u32 = 2;

const FIX_0_298631336: i32 = 2446;
const FIX_0_390180644: i32 = 3196;
const FIX_0_541196100: i32 = 4433;
const FIX_0_765366865: i32 = 6270;
const FIX_0_899976223: i32 = 7373;
const FIX_1_175875602: i32 = 9633;
const FIX_1_501321110: i32 = 12299;
const FIX_1_847759065: i32 = 15137;
const FIX_1_961570560: i32 = 16069;
const FIX_2_053119869: i32 = 16819;
const FIX_2_562915447: i32 = 20995;
const FIX_3_072711026: i32 = 25172;

/// Transforms a block of quantised coefficients in natural order and writes its 8 x 8 samples into `plane`,
/// row by row, `stride` apart.
pub(super) fn inverse(coefficients: &[i16; 64], quantization: &[u16; 64], plane: &mut [u8], stride: usize) {
    if coefficients[1..] == [0; 63] {
        let flat = to_sample((dequantize(coefficients[0], quantization[0]) + 4) >> 3);
        for row in plane.chunks_mut(stride).take(8) {
            row[..8].fill(flat);
        }
        return;
    }
    let mut columns = [0i32; 64];
    for x in 0..8 {
        let column: [i32; 8] =
            std::array::from_fn(|y| dequantize(coefficients[8 * y + x], quantization[8 * y + x]));
        let transformed = if column[1..] == [0; 7] {
            [column[0] << PASS1_BITS; 8]
        } else {
            transform(column, CONST_BITS - PASS1_BITS)
        };
        for (y, value) in transformed.into_iter().enumerate() {
            columns[8 * y + x] = value;
        }
    }
    for (row, samples) in columns.as_chunks::<8>().0.iter().zip(plane.chunks_mut(stride)) {
        let transformed = transform(*row, CONST_BITS + PASS1_BITS + 3);
        for (sample, value) in samples.iter_mut().zip(transformed) {
            *sample = to_sample(value);
        }
    }
}

/// In 16 bits, as the vector code of libjpeg-turbo multiplies.
fn dequantize(coefficient: i16, step: u16) -> i32 {
    i32::from(coefficient.wrapping_mul(step as i16))
}

fn to_sample(value: i32) -> u8 {
    (value + 128).clamp(0, 255) as u8
}

/// One dimension of the transform, the result rounded and shifted right by `shift`.
#[inline]
fn transform(v: [i32; 8], shift: u32) -> [i32; 8] {
    let z1 = v[2].wrapping_add(v[6]).wrapping_mul(FIX_0_541196100);
    let even2 = z1.wrapping_sub(v[6].wrapping_mul(FIX_1_847759065));
    let even3 = z1.wrapping_add(v[2].wrapping_mul(FIX_0_765366865));
    let even0 = v[0].wrapping_add(v[4]) << CONST_BITS;
    let even1 = v[0].wrapping_sub(v[4]) << CONST_BITS;
    let even = [
        even0.wrapping_add(even3),
        even1.wrapping_add(even2),
        even1.wrapping_sub(even2),
        even0.wrapping_sub(even3),
    ];
    let z3 = v[7].wrapping_add(v[3]);
    let z4 = v[5].wrapping_add(v[1]);
    let z5 = z3.wrapping_add(z4).wrapping_mul(FIX_1_175875602);
    let z1 = v[7].wrapping_add(v[1]).wrapping_mul(-FIX_0_899976223);
    let z2 = v[5].wrapping_add(v[3]).wrapping_mul(-FIX_2_562915447);
    let z3 = z3.wrapping_mul(-FIX_1_961570560).wrapping_add(z5);
    let z4 = z4.wrapping_mul(-FIX_0_390180644).wrapping_add(z5);
    let odd = [
        v[1].wrapping_mul(FIX_1_501321110).wrapping_add(z1).wrapping_add(z4),
        v[3].wrapping_mul(FIX_3_072711026).wrapping_add(z2).wrapping_add(z3),
        v[5].wrapping_mul(FIX_2_053119869).wrapping_add(z2).wrapping_add(z4),
        v[7].wrapping_mul(FIX_0_298631336).wrapping_add(z1).wrapping_add(z3),
    ];
    let round = 1 << (shift - 1);
    std::array::from_fn(|i| {
        let value = if i < 4 { even[i].wrapping_add(odd[i]) } else { even[7 - i].wrapping_sub(odd[7 - i]) };
        value.wrapping_add(round) >> shift
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The defining sum (T.81, A.3.3), in double precision.
    fn reference(block: &[i16; 64]) -> [f64; 64] {
        let scale = |k: usize| if k == 0 { 0.5f64.sqrt() } else { 1.0 };
        let cosine = |x: usize, k: usize| ((2 * x + 1) as f64 * k as f64 * std::f64::consts::PI / 16.0).cos();
        std::array::from_fn(|at| {
            let (y, x) = (at / 8, at % 8);
            let sum: f64 = (0..64)
                .map(|k| {
                    let (v, u) = (k / 8, k % 8);
                    scale(u) * scale(v) * f64::from(block[k]) * cosine(x, u) * cosine(y, v)
                })
                .sum();
            (sum / 4.0 + 128.0).clamp(0.0, 255.0)
        })
    }

    #[test]
    fn within_one_of_the_exact_transform() {
        let mut state = 1u32;
        for round in 0..200 {
            let mut block = [0i16; 64];
            for coefficient in block.iter_mut().take(1 + round % 64) {
                state = state.wrapping_mul(1664525).wrapping_add(1013904223);
                *coefficient = (state >> 24) as i16 - 128;
            }
            let mut samples = [0; 64];
            inverse(&block, &[1; 64], &mut samples, 8);
            for (sample, exact) in samples.iter().zip(reference(&block)) {
                assert!((f64::from(*sample) - exact).abs() <= 1.0, "{sample} for {exact} in round {round}");
            }
        }
    }
}
