//! Between BGR and L\*a\*b\*, 8 bits each, as `cv::cvtColor` converts with `COLOR_LBGR2Lab` and `COLOR_Lab2LBGR`: D65
//! white, samples taken as linear light, fixed-point arithmetic throughout.

use std::num::NonZeroUsize;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

use threads::spawn_elsewhere;

use crate::Isa;
use crate::isa::for_each_isa;

/// `round(sum / 2^bits)`.
#[inline(always)]
fn descale(sum: i32, bits: u32) -> i32 {
    (sum + (1 << (bits - 1))) >> bits
}

#[inline(always)]
fn clamp_to_byte(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

/// Rows for X, Y and Z on red, green and blue, in 4096ths, each scaled by its white.
const TO_XYZ: [[i32; 3]; 3] = [[1777, 1541, 778], [871, 2929, 296], [73, 448, 3575]];

/// Rows for red, green and blue on X, Y and Z, in 4096ths.
const FROM_XYZ: [[i32; 3]; 3] = [[12615, -6296, -2223], [-3773, 7684, 185], [217, -836, 4715]];

/// Entries of [`CUBE_ROOTS`]; a linear value of 1 is entry 2040.
const CUBE_ROOT_ENTRIES: usize = 3072;

/// The CIE function of lightness, `f(t)`, in 32768ths.
static CUBE_ROOTS: LazyLock<[i32; CUBE_ROOT_ENTRIES]> = LazyLock::new(|| {
    let root = |i: usize| {
        let t = (1.0f32 / 2040.0) * i as f32;
        let f = if t < 216.0 / 24389.0 {
            t.mul_add(841.0 / 108.0, 16.0 / 116.0)
        } else {
            truncate(libm::cbrt(f64::from(t)))
        };
        (32768.0 * f).round_ties_even() as i32
    };
    std::array::from_fn(root)
});

/// To 32 bits, toward zero: OpenCV's own cube root does not round.
fn truncate(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) > value { f32::from_bits(nearest.to_bits() - 1) } else { nearest }
}

/// One in the fixed-point arithmetic of the way back.
const ONE: i32 = 1 << 14;

/// Y and `f(Y)` of each lightness, in [`ONE`]ths.
static LIGHTNESS: LazyLock<[(i32, i32); 256]> = LazyLock::new(|| {
    let one = ONE as f32;
    let entry = |l: u8| {
        let l = f32::from(l);
        if l <= 20.0 {
            let y = (l * one * 180.0 / (17.0 * 29.0 * 29.0 * 29.0)).round_ties_even();
            let f = (one * (16.0 / 116.0 + l * 5.0 / (3.0 * 17.0 * 29.0))).round_ties_even();
            (y as i32, f as i32)
        } else {
            let f = l * 100.0 * one / (255.0 * 116.0) + 16.0 * one / 116.0;
            ((f * f * f / (one * one)).round_ties_even() as i32, f.round_ties_even() as i32)
        }
    };
    std::array::from_fn(|l| entry(l as u8))
});

/// Pixels that are converted together, as arrays of so many: look-ups one by one, arithmetic side by side.
const GROUP: usize = 16;

/// Lightness of each grey; its a and b are [`NEUTRAL`].
static GREYS: LazyLock<[u8; 256]> = LazyLock::new(|| {
    let lightness = |grey| group_to_lab(&CUBE_ROOTS, &[[grey; 3]; GROUP]).0[0];
    std::array::from_fn(|grey| lightness(grey as u8))
});

const NEUTRAL: u8 = 128;

/// The colours of pixels.
#[derive(Clone, Copy)]
pub(crate) enum Colours<'a> {
    /// Of each pixel a and b, in turn.
    Each(&'a [u8]),
    /// Of all of them a and b.
    One([u8; 2]),
}

/// Pixels for which a thread of its own pays.
const LEAST_SHARE: usize = 1 << 17;

/// Converts interleaved BGR pixels to a plane of L and an interleaved one of a and b.
pub(crate) fn from_bgr(
    isa: Isa,
    bgr: &[u8],
    (lightness, ab): (&mut Vec<u8>, &mut Vec<u8>),
    threads: NonZeroUsize,
) {
    let bgr: &[[u8; 3]] = bgr.as_chunks().0;
    lightness.resize(bgr.len(), 0);
    ab.resize(2 * bgr.len(), 0);
    let share = share(bgr.len(), threads);
    let shares =
        bgr.chunks(share).zip(lightness.chunks_mut(share)).zip(ab.as_chunks_mut().0.chunks_mut(share));
    side_by_side(shares, |((bgr, lightness), ab)| to_lab(isa, bgr, lightness, ab));
}

/// Converts back.
pub(crate) fn to_bgr(isa: Isa, lightness: &[u8], colours: Colours<'_>, threads: NonZeroUsize) -> Vec<u8> {
    let mut bgr = vec![0; 3 * lightness.len()];
    let share = share(lightness.len(), threads);
    let shares = lightness.chunks(share).zip(bgr.as_chunks_mut().0.chunks_mut(share));
    match colours {
        Colours::Each(ab) => {
            let shares = shares.zip(ab.as_chunks().0.chunks(share));
            side_by_side(shares, |((lightness, bgr), ab)| from_lab(isa, lightness, ab, bgr));
        }
        Colours::One(ab) => {
            let all: [u8; 256] = std::array::from_fn(|lightness| lightness as u8);
            let mut table = [[0; 3]; 256];
            from_lab(isa, &all, &[ab; 256], &mut table);
            side_by_side(shares, |(lightness, bgr)| {
                for (bgr, &lightness) in bgr.iter_mut().zip(lightness) {
                    *bgr = table[usize::from(lightness)];
                }
            });
        }
    }
    bgr
}

/// Pixels for each thread.
fn share(pixels: usize, threads: NonZeroUsize) -> usize {
    pixels.div_ceil(threads.get()).max(LEAST_SHARE)
}

/// Does the shares on as many threads, this one among them, or on as many as the system gives.
fn side_by_side<S>(shares: impl ExactSizeIterator<Item = S> + Send, convert: impl Fn(S) + Sync) {
    let threads = shares.len();
    let shares = Mutex::new(shares);
    let work = || {
        while let Some(share) = { shares.lock().unwrap_or_else(PoisonError::into_inner).next() } {
            convert(share);
        }
    };
    thread::scope(|scope| {
        let others = (1..threads).map_while(|_| spawn_elsewhere(scope, work).ok());
        others.for_each(drop);
        work();
    });
}

for_each_isa! {
    fn to_lab(bgr: &[[u8; 3]], lightness: &mut [u8], ab: &mut [[u8; 2]]) = to_lab_body;
}

for_each_isa! {
    fn from_lab(lightness: &[u8], ab: &[[u8; 2]], bgr: &mut [[u8; 3]]) = from_lab_body;
}

#[inline(always)]
fn to_lab_body(bgr: &[[u8; 3]], lightness: &mut [u8], ab: &mut [[u8; 2]]) {
    let (roots, greys) = (&*CUBE_ROOTS, &*GREYS);
    let (bgr, bgr_rest) = bgr.as_chunks();
    let (lightness, lightness_rest) = lightness.as_chunks_mut();
    let (ab, ab_rest) = ab.as_chunks_mut();
    for ((bgr, lightness), ab) in bgr.iter().zip(lightness).zip(ab) {
        (*lightness, *ab) = if bgr.iter().all(|&[blue, green, red]| blue == green && green == red) {
            (bgr.map(|[grey, ..]| greys[usize::from(grey)]), [[NEUTRAL; 2]; GROUP])
        } else {
            group_to_lab(roots, bgr)
        };
    }
    let mut padded = [[0; 3]; GROUP];
    padded[..bgr_rest.len()].copy_from_slice(bgr_rest);
    let (lightness, ab) = group_to_lab(roots, &padded);
    lightness_rest.copy_from_slice(&lightness[..lightness_rest.len()]);
    ab_rest.copy_from_slice(&ab[..ab_rest.len()]);
}

#[inline(always)]
fn group_to_lab(roots: &[i32; CUBE_ROOT_ENTRIES], bgr: &[[u8; 3]; GROUP]) -> ([u8; GROUP], [[u8; 2]; GROUP]) {
    let (mut blue, mut green, mut red) = ([0; GROUP], [0; GROUP], [0; GROUP]);
    for i in 0..GROUP {
        [blue[i], green[i], red[i]] = bgr[i].map(i32::from);
    }
    let [fx, fy, fz] = [
        roots_of(roots, TO_XYZ[0], [&red, &green, &blue]),
        roots_of(roots, TO_XYZ[1], [&red, &green, &blue]),
        roots_of(roots, TO_XYZ[2], [&red, &green, &blue]),
    ];
    let (mut lightness, mut ab) = ([0; GROUP], [[0; 2]; GROUP]);
    for i in 0..GROUP {
        lightness[i] = clamp_to_byte(descale(296 * fy[i] - 1_336_934, 15));
        let a = descale(500 * (fx[i] - fy[i]) + (128 << 15), 15);
        let b = descale(200 * (fy[i] - fz[i]) + (128 << 15), 15);
        ab[i] = [clamp_to_byte(a), clamp_to_byte(b)];
    }
    (lightness, ab)
}

/// Cube roots of a row of the conversion to X, Y and Z. One row at a time: a loop over all of them is at times vectorised across
/// the rows.
#[inline(always)]
fn roots_of(
    roots: &[i32; CUBE_ROOT_ENTRIES],
    [cr, cg, cb]: [i32; 3],
    [red, green, blue]: [&[i32; GROUP]; 3],
) -> [i32; GROUP] {
    let mut values = [0; GROUP];
    for i in 0..GROUP {
        values[i] = descale(8 * (cr * red[i] + cg * green[i] + cb * blue[i]), 12);
    }
    for value in &mut values {
        *value = roots[(*value as usize).min(CUBE_ROOT_ENTRIES - 1)];
    }
    values
}

#[inline(always)]
fn from_lab_body(lightness: &[u8], ab: &[[u8; 2]], bgr: &mut [[u8; 3]]) {
    let table = &*LIGHTNESS;
    let (lightness, lightness_rest) = lightness.as_chunks();
    let (ab, ab_rest) = ab.as_chunks();
    let (bgr, bgr_rest) = bgr.as_chunks_mut();
    for ((lightness, ab), bgr) in lightness.iter().zip(ab).zip(bgr) {
        *bgr = group_from_lab(table, lightness, ab);
    }
    let (mut lightness, mut ab) = ([0; GROUP], [[0; 2]; GROUP]);
    lightness[..lightness_rest.len()].copy_from_slice(lightness_rest);
    ab[..ab_rest.len()].copy_from_slice(ab_rest);
    bgr_rest.copy_from_slice(&group_from_lab(table, &lightness, &ab)[..bgr_rest.len()]);
}

#[inline(always)]
fn group_from_lab(
    table: &[(i32, i32); 256],
    lightness: &[u8; GROUP],
    ab: &[[u8; 2]; GROUP],
) -> [[u8; 3]; GROUP] {
    let (mut y, mut f) = ([0; GROUP], [0; GROUP]);
    for ((y, f), &lightness) in y.iter_mut().zip(&mut f).zip(lightness) {
        (*y, *f) = table[usize::from(lightness)];
    }
    let (mut x, mut z) = ([0; GROUP], [0; GROUP]);
    for i in 0..GROUP {
        let [a, b] = [i32::from(ab[i][0]), i32::from(ab[i][1])];
        x[i] = unroot(f[i] + ((5 * a * 53_687 + 128) >> 13) - 4194);
        z[i] = unroot(f[i] - ((b * 41_943 + 16) >> 9) + 10_485 - 1);
    }
    let mut linear = [[0; GROUP]; 3];
    for (linear, [cx, cy, cz]) in linear.iter_mut().zip(FROM_XYZ) {
        for i in 0..GROUP {
            let value = descale(cx * x[i] + cy * y[i] + cz * z[i], 14).clamp(0, 4095);
            linear[i] = ((value * 255) >> 12) as u8;
        }
    }
    let [red, green, blue] = linear;
    let mut bgr = [[0; 3]; GROUP];
    for i in 0..GROUP {
        bgr[i] = [blue[i], green[i], red[i]];
    }
    bgr
}

/// The inverse of `f(t)`, in [`ONE`]ths.
#[inline(always)]
fn unroot(f: i32) -> i32 {
    if f <= 3390 { f * 108 / 841 - 290 } else { f * f / ONE * f / ONE }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pixels with this first byte, the last byte counting fastest.
    fn pixels(first: u8) -> Vec<u8> {
        (0..=u16::MAX).flat_map(|rest| [first, (rest >> 8) as u8, rest as u8]).collect()
    }

    #[test]
    fn all_colours_convert_as_opencv_converts_them() {
        let golden = include_bytes!("../tests/golden/lab.bin");
        let (mut lightness, mut ab) = (Vec::new(), Vec::new());
        for (first, crcs) in (0..=255).zip(golden.as_chunks::<8>().0) {
            let [to, back] = [[crcs[0], crcs[1], crcs[2], crcs[3]], [crcs[4], crcs[5], crcs[6], crcs[7]]];
            let pixels = pixels(first);
            from_bgr(Isa::detect(), &pixels, (&mut lightness, &mut ab), NonZeroUsize::MIN);
            let lab: Vec<u8> =
                lightness.iter().zip(ab.as_chunks::<2>().0).flat_map(|(&l, &[a, b])| [l, a, b]).collect();
            assert_eq!(crc32fast::hash(&lab), u32::from_le_bytes(to), "to Lab, blue {first}");

            let (l, ab): (Vec<u8>, Vec<[u8; 2]>) =
                pixels.as_chunks::<3>().0.iter().map(|&[l, a, b]| (l, [a, b])).unzip();
            let bgr = to_bgr(Isa::detect(), &l, Colours::Each(ab.as_flattened()), NonZeroUsize::MIN);
            assert_eq!(crc32fast::hash(&bgr), u32::from_le_bytes(back), "to BGR, lightness {first}");
        }
    }

    #[test]
    fn groups_of_greys_convert_as_greys_among_colours() {
        let (mut lightness, mut ab) = (Vec::new(), Vec::new());
        let mut convert = |pixels: &[[u8; 3]]| {
            from_bgr(Isa::detect(), pixels.as_flattened(), (&mut lightness, &mut ab), NonZeroUsize::MIN);
            (lightness.clone(), ab.clone())
        };
        let greys: Vec<[u8; 3]> = (0..=255).map(|grey| [grey; 3]).collect();
        let (lightness, ab) = convert(&greys);
        for (index, grey) in greys.into_iter().enumerate() {
            let (alone, colours) = convert(&[[1, 2, 3], grey]);
            assert_eq!((lightness[index], &ab[2 * index..][..2]), (alone[1], &colours[2..]), "{grey:?}");
        }
    }

    #[test]
    fn one_colour_converts_back_as_each() {
        let lightness: Vec<u8> = (0..=255).chain(0..100).collect();
        for ab in [[128, 128], [0, 255], [200, 90]] {
            let each = ab.repeat(lightness.len());
            let to_bgr = |colours| to_bgr(Isa::detect(), &lightness, colours, NonZeroUsize::MIN);
            assert_eq!(to_bgr(Colours::One(ab)), to_bgr(Colours::Each(&each)), "{ab:?}");
        }
    }
}
