//! What a distance between two windows is worth.

#[cfg(target_arch = "x86_64")]
pub(crate) mod exponential;
#[cfg(target_arch = "x86_64")]
pub(crate) mod factors;
#[cfg(target_arch = "x86_64")]
pub(crate) mod product;

use crate::Params;

/// Weights by distance, as `FastNlMeansDenoisingInvoker` of OpenCV tabulates them: integers, so scaled that a sum over
/// the whole search window of weights times pixels stays below 2^31.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Weights {
    /// Up to the last weight above zero, and one zero.
    table: Vec<u32>,
    shift: u32,
    decay: f64,
}

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

    /// Of weights as signed numbers of 16 bits, how many times 2^16 they are more: as often as their index is below one of these.
    /// None where all have 15 bits.
    pub(crate) fn carries(&self) -> impl Iterator<Item = u16> {
        let (table, largest) = (self.nonzero(), self.nonzero().first().copied().unwrap_or(0));
        let carried = (0..).map(|carry| (1 << 15) + (carry << 16)).take_while(move |&least| least <= largest);
        carried.map(|least| table.partition_point(|&weight| weight >= least) as u16)
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
    fn carries_are_what_weights_are_more_than_16_bits_tell() {
        for (search_window, most) in [(3, 14), (5, 5), (9, 2), (11, 1), (15, 1), (17, 0), (21, 0)] {
            let weights = Weights::new(&Params { search_window, ..Params::default() }, 1);
            let carries: Vec<u16> = weights.carries().collect();
            assert_eq!(carries.len(), most, "{search_window} px");
            for (index, &weight) in (0..).zip(weights.table()) {
                let carried = carries.iter().filter(|&&end| index < end).count() as i64;
                assert_eq!(i64::from(weight as i16) + (carried << 16), i64::from(weight), "{index}");
            }
        }
    }

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
