//! Which of the found keypoints are kept, and in what order.

use std::cmp::Ordering;

use crate::{DESCRIPTOR_LENGTH, Keypoint};

/// A keypoint with its descriptor, which stays where it is while keypoints are sorted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Feature<'a> {
    pub(crate) keypoint: Keypoint,
    pub(crate) descriptor: &'a [u8; DESCRIPTOR_LENGTH],
}

/// Sorts by position, drops duplicates, and keeps the strongest `max_features` (0: all) and those that equal the last of
/// them, as `KeyPointsFilter::removeDuplicatedSorted` and `retainBest` do.
pub(crate) fn retain(features: &mut Vec<Feature<'_>>, max_features: usize) {
    features.sort_unstable_by(|a, b| order(&a.keypoint, &b.keypoint));
    features.dedup_by(|a, b| {
        let place = |k: &Keypoint| (k.x, k.y, k.size, k.angle);
        place(&a.keypoint) == place(&b.keypoint)
    });
    if max_features > 0 && features.len() > max_features {
        let mut responses: Vec<f32> = features.iter().map(|feature| feature.keypoint.response).collect();
        let (_, &mut weakest, _) = responses.select_nth_unstable_by(max_features - 1, |a, b| b.total_cmp(a));
        features.retain(|feature| feature.keypoint.response >= weakest);
    }
}

fn order(a: &Keypoint, b: &Keypoint) -> Ordering {
    a.x.total_cmp(&b.x)
        .then(a.y.total_cmp(&b.y))
        .then(b.size.total_cmp(&a.size))
        .then(a.angle.total_cmp(&b.angle))
        .then(b.response.total_cmp(&a.response))
        .then(b.octave.cmp(&a.octave))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(x: f32, size: f32, response: f32) -> Feature<'static> {
        let keypoint = Keypoint { x, y: 0.0, size, angle: 0.0, response, octave: 0 };
        Feature { keypoint, descriptor: &[0; DESCRIPTOR_LENGTH] }
    }

    #[test]
    fn duplicates_go_and_ties_with_the_last_stay() {
        let mut features = vec![
            feature(3.0, 1.0, 0.5),
            feature(1.0, 1.0, 0.2),
            feature(1.0, 2.0, 0.5),
            feature(3.0, 1.0, 0.9),
        ];
        retain(&mut features, 0);
        let kept: Vec<_> =
            features.iter().map(|f| (f.keypoint.x, f.keypoint.size, f.keypoint.response)).collect();
        assert_eq!(kept, [(1.0, 2.0, 0.5), (1.0, 1.0, 0.2), (3.0, 1.0, 0.9)]);

        features.push(feature(4.0, 1.0, 0.5));
        retain(&mut features, 2);
        assert_eq!(features.len(), 3, "two are tied for the second place");
    }
}
