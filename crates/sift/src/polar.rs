//! Gradients in polar form.

use crate::vector::Vector;

/// Lengths of vectors `(x, y)`.
#[inline(always)]
pub(crate) fn lengths<V: Vector>(x: V, y: V) -> V {
    x.mul_add(x, y.mul(y)).sqrt()
}

/// Directions of vectors `(x, y)` in degrees, from 0 to 360: the odd polynomial of degree 7 of `cv::fastAtan2`, off by at most
/// 0.01 degrees. Zero for the zero vector.
#[inline(always)]
pub(crate) fn directions<V: Vector>(x: V, y: V) -> V {
    const DEGREES: f32 = 180.0 / std::f32::consts::PI;
    const P1: f32 = 0.999_787_84 * DEGREES;
    const P3: f32 = -0.325_808_4 * DEGREES;
    const P5: f32 = 0.155_578_65 * DEGREES;
    const P7: f32 = -0.044_326_555 * DEGREES;
    let (ax, ay, zero) = (x.abs(), y.abs(), V::splat(0.0));
    let tangent = ax.min(ay).div(ax.max(ay).add(V::splat(f64::EPSILON as f32)));
    let square = tangent.mul(tangent);
    let mut sum = V::splat(P7);
    for coefficient in [P5, P3, P1] {
        sum = sum.mul_add(square, V::splat(coefficient));
    }
    let octant = sum.mul(tangent);
    let quadrant = ax.mirror_if_less(ay, V::splat(90.0), octant);
    let half = x.mirror_if_less(zero, V::splat(180.0), quadrant);
    y.mirror_if_less(zero, V::splat(360.0), half)
}

#[cfg(test)]
mod tests {
    use super::{directions, lengths};

    fn direction(x: f32, y: f32) -> f32 {
        directions([x; 8], [y; 8])[0]
    }

    #[test]
    fn directions_are_within_a_hundredth_of_a_degree() {
        for i in 0..3600 {
            let degrees = i as f32 / 10.0;
            let (y, x) = degrees.to_radians().sin_cos();
            let off = (direction(x, y) - degrees).abs();
            assert!(off.min(360.0 - off) < 0.011, "{degrees}: {}", direction(x, y));
        }
        assert_eq!(direction(0.0, 0.0), 0.0);
    }

    #[test]
    fn lengths_are_those_of_vectors() {
        assert_eq!(lengths([3.0; 8], [-4.0; 8]), [5.0; 8]);
    }
}
