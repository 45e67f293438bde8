//! Indices beyond an edge.

/// The index within `0..len` that reflection without repeating the edge sample (`cv::BORDER_REFLECT_101`) leads to,
/// reflected again where `len` is smaller than the distance.
#[inline(always)]
pub(crate) fn reflect_101(index: isize, len: usize) -> usize {
    // Nearly always, and without a division.
    if (0..len as isize).contains(&index) {
        return index as usize;
    }
    if len == 1 {
        return 0;
    }
    let period = 2 * (len as isize - 1);
    let folded = index.rem_euclid(period);
    folded.min(period - folded) as usize
}

#[cfg(test)]
mod tests {
    use super::reflect_101;

    #[test]
    fn reflects_once_and_again() {
        let indices: Vec<_> = (-5..9).map(|i| reflect_101(i, 3)).collect();
        assert_eq!(indices, [1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1, 0]);
        assert_eq!(reflect_101(-7, 1), 0);
    }
}
