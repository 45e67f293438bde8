//! Gradients in polar form, many at a time.

use crate::isa::for_each_isa;

for_each_isa! {
    /// For each gradient `(dx, dy)`: its direction in degrees to `dy`, and its length times `weight` to `weight`.
    pub(crate) fn polar(dx: &[f32], dy: &mut [f32], weight: &mut [f32]) = polar_body;
}

#[inline(always)]
fn polar_body(dx: &[f32], dy: &mut [f32], weight: &mut [f32]) {
    for ((&dx, dy), weight) in dx.iter().zip(dy).zip(weight) {
        *weight *= dx.mul_add(dx, *dy * *dy).sqrt();
        *dy = direction(*dy, dx);
    }
}

/// Direction of `(x, y)` in degrees, from 0 to 360: the odd polynomial of degree 7 of `cv::fastAtan2`, off by at most
/// 0.01 degrees. Zero for the zero vector.
#[inline(always)]
fn direction(y: f32, x: f32) -> f32 {
    const DEGREES: f32 = 180.0 / std::f32::consts::PI;
    const P1: f32 = 0.999_787_84 * DEGREES;
    const P3: f32 = -0.325_808_4 * DEGREES;
    const P5: f32 = 0.155_578_65 * DEGREES;
    const P7: f32 = -0.044_326_555 * DEGREES;
    let (ax, ay) = (x.abs(), y.abs());
    let tangent = ax.min(ay) / (ax.max(ay) + f64::EPSILON as f32);
    let square = tangent * tangent;
    let octant = P7.mul_add(square, P5).mul_add(square, P3).mul_add(square, P1) * tangent;
    let quadrant = if ax >= ay { octant } else { 90.0 - octant };
    let half = if x < 0.0 { 180.0 - quadrant } else { quadrant };
    if y < 0.0 { 360.0 - half } else { half }
}

#[cfg(test)]
mod tests {
    use super::direction;

    #[test]
    fn directions_are_within_a_hundredth_of_a_degree() {
        for i in 0..3600 {
            let degrees = i as f32 / 10.0;
            let (y, x) = degrees.to_radians().sin_cos();
            let off = (direction(y, x) - degrees).abs();
            assert!(off.min(360.0 - off) < 0.011, "{degrees}: {}", direction(y, x));
        }
        assert_eq!(direction(0.0, 0.0), 0.0);
    }
}
