//! A blur along a row by few taps, in pairs of equal weight.

use super::Group;
use crate::vector::Vector;

/// The most taps that are summed in pairs: those of many layers an octave, or of a small sigma.
pub(crate) const FEW: usize = 5;

/// Blurs a row with `TAPS` taps, at most [`FEW`].
#[inline(always)]
pub(super) fn pairs<V: Vector, const TAPS: usize>(group: Group<'_, 1>, taps: &[f32; TAPS]) {
    let ([padded], [out]) = (group.padded, group.out);
    let first = &padded[group.margin - TAPS / 2..];
    for (i, out) in out.as_flattened_mut().chunks_exact_mut(V::LANES).enumerate() {
        let mut samples = [V::splat(0.0); TAPS];
        for (k, samples) in samples.iter_mut().enumerate() {
            *samples = V::load(&first[i * V::LANES + k..]);
        }
        sum_pairs(taps, &samples).store(out);
    }
}

/// The sum of at most [`FEW`] symmetric taps for as many `samples`: those beside the centre, the centre itself, and then those
/// further outside.
#[inline(always)]
pub(crate) fn sum_pairs<V: Vector>(taps: &[f32], samples: &[V]) -> V {
    match (taps, samples) {
        (&[centre], &[at, ..]) => V::splat(centre).mul(at),
        (&[_, centre, beside], &[before, at, after, ..]) => {
            V::splat(centre).mul_add(at, V::splat(beside).mul(before.add(after)))
        }
        (&[.., centre, beside, outside], &[first, before, at, after, last, ..]) => {
            let inner = V::splat(centre).mul_add(at, V::splat(beside).mul(before.add(after)));
            V::splat(outside).mul_add(first.add(last), inner)
        }
        // Taps are an odd number.
        _ => V::splat(0.0),
    }
}
