//! Which keypoints are surely not among the strongest, where only so many are wanted: they need no direction and no descriptor.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::Keypoint;

/// What the response of a keypoint that is wanted must reach, as far as is known, by all threads: the bits of a number not below 0,
/// which are in its order. Too low a one excludes fewer and changes nothing in the end.
#[derive(Debug, Default)]
pub(crate) struct Bar(AtomicU32);

impl Bar {
    /// Whether a keypoint with this response is not among those wanted.
    pub(crate) fn excludes(&self, response: f32) -> bool {
        response.to_bits() < self.0.load(Ordering::Relaxed)
    }
}

/// The responses of the strongest keypoints that one thread has found.
#[derive(Debug, Default)]
pub(crate) struct Strongest {
    responses: BinaryHeap<Reverse<u32>>,
    /// Positions and sizes, as one keypoint is found from several extrema.
    found: HashSet<[u32; 3]>,
}

impl Strongest {
    pub(crate) fn clear(&mut self) {
        self.responses.clear();
        self.found.clear();
    }

    /// Takes a keypoint into account that has a descriptor in the end. Once there are as many as are wanted, the weakest of the
    /// strongest sets the bar.
    pub(crate) fn add(&mut self, keypoint: &Keypoint, wanted: usize, bar: &Bar) {
        if !self.found.insert([keypoint.x, keypoint.y, keypoint.size].map(f32::to_bits)) {
            return;
        }
        self.responses.push(Reverse(keypoint.response.to_bits()));
        if self.responses.len() > wanted {
            self.responses.pop();
        }
        if self.responses.len() == wanted
            && let Some(&Reverse(weakest)) = self.responses.peek()
        {
            bar.0.fetch_max(weakest, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keypoint(x: f32, response: f32) -> Keypoint {
        Keypoint { x, y: 0.0, size: 1.0, angle: 0.0, response, octave: 0 }
    }

    #[test]
    fn the_bar_is_the_weakest_of_those_wanted() {
        let (bar, mut strongest) = (Bar::default(), Strongest::default());
        for (x, response) in [(1.0, 0.2), (2.0, 0.3), (2.0, 0.3)] {
            strongest.add(&keypoint(x, response), 3, &bar);
            assert!(!bar.excludes(0.0), "there are not three of them yet");
        }
        strongest.add(&keypoint(3.0, 0.1), 3, &bar);
        assert!(bar.excludes(0.099) && !bar.excludes(0.1));
        strongest.add(&keypoint(4.0, 0.5), 3, &bar);
        assert!(bar.excludes(0.199) && !bar.excludes(0.2));
        // Another thread's are lower.
        let mut other = Strongest::default();
        (0..3).for_each(|x| other.add(&keypoint(x as f32, 0.01), 3, &bar));
        assert!(bar.excludes(0.199));
    }
}
