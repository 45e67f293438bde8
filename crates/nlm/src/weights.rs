//! What a distance between two windows is worth.

#[cfg(target_arch = "x86_64")]
pub(crate) mod digits;
#[cfg(target_arch = "x86_64")]
pub(crate) mod exponential;
#[cfg(target_arch = "x86_64")]
pub(crate) mod factors;
#[cfg(target_arch = "x86_64")]
pub(crate) mod product;

use crate::Params;

/// Weights by distance, as `FastNlMeansDenoisingInvoker` of OpenCV tabulates them: integers, so scaled that a sum over
/// the whole search window of weights times pixels stays below 2^31.
#[derive(Debug, PartialEq)]
pub(crate) struct Weights {
    /// Up to the last weight above zero, and one zero.
    table: Vec<u32>,
    shift: u32,
    decay: f64,
}

/// Most places that a form of the table has before that of index 0.
pub(crate) const MOST_PLACES_BEFORE: u32 = 1 << 12;

/// Weights below this share of the largest count as zero.
const THRESHOLD: f64 = 0.001;

impl Weights {
    pub(crate) fn new(params: &Params, channels: usize) -> Self {
        let template = 2 * params.template_radius() + 1;
        let search = 2 * params.search_radius() + 1;
        let area = template * template;
        let shift = area.next_power_of_two().trailing_zeros();
        let largest = i32::MAX as usize / (search * search * 255);
        // A distance is shifted by the next power of two instead of divided by the area: this makes up for it.
        let step = (1u64 << shift) as f64 / area as f64;
        let entries = (f64::from(255 * 255) * channels as f64 / step + 1.0) as usize;
        let strength = f64::from(params.h * params.h * channels as f32);
        let mut table = Vec::new();
        for entry in 0..entries {
            let weight = weight(largest as f64, entry as f64 * step, strength);
            table.push(weight);
            if weight == 0 {
                break;
            }
        }
        if table.last() != Some(&0) {
            table.push(0);
        }
        let decay = step / strength;
        Self { table, shift, decay: if decay.is_finite() { decay } else { 0.0 } }
    }

    /// The weights above zero.
    pub(crate) fn nonzero(&self) -> &[u32] {
        self.table.split_last().map_or(&[], |(_, nonzero)| nonzero)
    }

    /// That of a pixel for itself, the largest.
    pub(crate) fn own(&self) -> u32 {
        self.table.first().copied().unwrap_or(1)
    }

    /// Whether all are below 2^15, so that they are signed numbers of 16 bits.
    pub(crate) fn fit_lanes(&self) -> bool {
        i16::try_from(self.own()).is_ok()
    }

    /// The weight at index `i` is the largest times `exp(-decay * i)`, rounded; without meaning where only one weight is
    /// above zero.
    pub(crate) fn decay(&self) -> f64 {
        self.decay
    }

    /// Weights of distances shifted right by [`shift`](Self::shift); the last one, zero, is also that of all beyond.
    pub(crate) fn table(&self) -> &[u32] {
        &self.table
    }

    /// The [table](Self::table) as lanes have it.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn listed(&self) -> Vec<i32> {
        self.table.iter().map(|&weight| weight as i32).collect()
    }

    /// Bits to shift a sum of squared differences by before it is looked up.
    pub(crate) fn shift(&self) -> u32 {
        self.shift
    }
}

fn weight(largest: f64, distance: f64, strength: f64) -> u32 {
    let share = libm::exp(-distance / strength);
    // 0 / 0: no strength, no distance.
    let share = if share.is_nan() { 1.0 } else { share };
    let weight = (largest * share).round_ties_even();
    if weight < THRESHOLD * largest { 0 } else { weight as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_the_default_end_at_a_thousandth() {
        for (channels, nonzero) in [(1, 528), (2, 1055)] {
            let weights = Weights::new(&Params::default(), channels);
            assert_eq!(weights.table().len(), nonzero + 1);
            assert_eq!((weights.table()[0], weights.shift()), (19096, 6));
        }
    }

    #[test]
    fn no_strength_gives_weight_to_windows_of_the_first_index_alone() {
        let weights = Weights::new(&Params { h: 0.0, ..Params::default() }, 1);
        assert_eq!(weights.table(), [19096, 0]);
    }
}
