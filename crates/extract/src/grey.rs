/// Luma of BGR pixels in 32768ths, rounded to nearest, as `cv::cvtColor` computes `COLOR_BGR2GRAY` of bytes.
pub(crate) fn grey(bgr: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend(bgr.as_chunks().0.iter().map(|&[b, g, r]| {
        let sum = 3735 * u32::from(b) + 19235 * u32::from(g) + 9798 * u32::from(r);
        ((sum + (1 << 14)) >> 15) as u8
    }));
}

#[cfg(test)]
mod tests {
    use super::grey;

    #[test]
    fn weights_are_those_of_bt_601() {
        let mut out = Vec::new();
        grey(&[255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77, 12, 200, 99], &mut out);
        assert_eq!(out, [29, 150, 76, 77, 148]);
    }
}
