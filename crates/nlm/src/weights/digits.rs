//! A table of weights as products of a factor for each digit of a place, in single precision.

use super::factors::{LARGEST, TO_LOW_BITS, nudges};
use super::{MOST_PLACES_BEFORE, Weights};

/// An exponential of a sum is a product of exponentials: the weight at a place, an index moved by the same for all, is the product of
/// the factors of its digits, rounded to the nearest, of two to the even one.
#[derive(Debug)]
pub(crate) struct Digits<const BASE: usize, const COUNT: usize> {
    /// Of each digit, the lowest first, by what it is.
    pub(crate) factors: [[f32; BASE]; COUNT],
    /// The place of index 0.
    pub(crate) first: u32,
    /// The first place without a weight, whose product is zero; those beyond may have another.
    pub(crate) end: u32,
}

/// Weights from here on are too near to each other for single precision.
const MOST: u32 = 1 << 20;

/// Decays that are tried, each with some shares of the second factors.
const DECAYS: i32 = 20;
const SHARES: i32 = 20;

impl<const BASE: usize, const COUNT: usize> Digits<BASE, COUNT> {
    /// Finds factors that give every weight exactly; `None` where there are too many, some have more than 20 bits, or none of the factors
    /// tried do.
    pub(crate) fn new(weights: &Weights) -> Option<Self> {
        let table = weights.nonzero();
        table.first().filter(|&&largest| largest < MOST)?;
        let count = u32::try_from(table.len()).ok()?;
        const { assert!(Self::unit(COUNT - 1) <= MOST_PLACES_BEFORE) };
        // The end has nothing but zeros behind its highest digit, and no place with a weight has that digit.
        let end = count.next_multiple_of(Self::unit(COUNT - 1));
        if end >= Self::unit(COUNT) {
            return None;
        }
        let places = Self { factors: [[0.0; BASE]; COUNT], first: end - count, end };
        // The product is fixed but the share of each factor is free, and with it the rounding errors.
        let shares = (0..SHARES).map(|step| 1.0 - 0.02 * f64::from(step));
        let decays = nudges(DECAYS).map(|nudge| weights.decay() * (1.0 + f64::from(nudge) * 2f64.powi(-28)));
        decays
            .flat_map(|decay| shares.clone().map(move |share| (decay, share)))
            .find_map(|(decay, share)| places.with_decay(table, decay, share))
    }

    /// What a 1 in a digit is worth.
    const fn unit(digit: usize) -> u32 {
        (BASE as u32).pow(digit as u32)
    }

    /// Factors but for rounding exponentials with this decay, those of the second digit times a share. Each of the first digit is a few
    /// units of the last place up or down, so that all products that it is in are exact.
    fn with_decay(&self, table: &[u32], decay: f64, share: f64) -> Option<Self> {
        let Self { first, end, .. } = *self;
        // Relative to the last place with a weight, so that no factor of a weight is much below 1.
        let exponential = |digit: usize, value: usize| {
            let unit = Self::unit(digit);
            let own = f64::from(unit) * (value as f64 - f64::from((end - 1) / unit % BASE as u32));
            (-decay * own).exp().min(LARGEST) * if digit == 1 { share } else { 1.0 }
        };
        let mut factors: [[f32; BASE]; COUNT] =
            std::array::from_fn(|digit| std::array::from_fn(|value| exponential(digit, value) as f32));
        factors[COUNT - 1][(end / Self::unit(COUNT - 1)) as usize] = 0.0;
        let scale = f64::from(*table.first()?) / share * (-decay * f64::from(end - 1 - first)).exp();
        for value in 0..BASE {
            let ideal = (scale * exponential(0, value)) as f32;
            let begin = (value + BASE - first as usize % BASE) % BASE;
            let weights = table.iter().skip(begin).step_by(BASE);
            let places = (first + begin as u32..).step_by(BASE).zip(weights);
            factors[0][value] = nudges(24)
                .map(|nudge| f32::from_bits(ideal.to_bits().wrapping_add_signed(nudge)))
                .find(|&factor| {
                    places.clone().all(|(place, &weight)| Self::product(&factors, factor, place) == weight)
                })?;
        }
        Some(Self { factors, first, end })
    }

    /// The weight at a place, given the factor of its first digit: what the vector kernels compute, operation by operation.
    fn product(factors: &[[f32; BASE]; COUNT], first: f32, place: u32) -> u32 {
        let factor = |digit: usize| factors[digit][(place / Self::unit(digit)) as usize % BASE];
        let (product, rest) = match COUNT {
            2 => (first, factor(1)),
            3 => (first * factor(1), factor(2)),
            4 => (first * factor(1), factor(2) * factor(3)),
            _ => (first * factor(1), factor(2) * factor(3) * factor(4)),
        };
        product.mul_add(rest, TO_LOW_BITS).to_bits() - TO_LOW_BITS.to_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;

    /// The digits that vectors have, of all places: exact, with a zero at the end, and no product of factors below the normal range.
    fn check<const BASE: usize, const COUNT: usize>(weights: &Weights) -> bool {
        let Some(Digits { factors, first, end }) = Digits::<BASE, COUNT>::new(weights) else { return false };
        let product = |place: u32| Digits::product(&factors, factors[0][place as usize % BASE], place);
        for (place, &weight) in (first..).zip(weights.table()) {
            assert_eq!(product(place), weight, "{place} of {first}..{end}");
        }
        assert_eq!(product(end), 0);
        let of_weights = (first..end).flat_map(|place| (0..COUNT).map(move |digit| (digit, place)));
        let factor = |(digit, place): (usize, u32)| {
            factors[digit][(place / (BASE as u32).pow(digit as u32)) as usize % BASE]
        };
        assert!(of_weights.map(factor).all(|factor| (0.5..1e7).contains(&factor)));
        true
    }

    /// How many of weights that are few enough for these digits are products of them, and how many are not; of 15, 16 and 17 bits.
    fn count<const BASE: usize, const COUNT: usize>() -> [usize; 2] {
        let most = (BASE - 1) * BASE.pow(COUNT as u32 - 1);
        let mut counts = [0; 2];
        for (template_window, search_window) in [(7, 21), (3, 17), (9, 35), (5, 15), (7, 11)] {
            for (step, channels) in (0..60).flat_map(|step| [1, 2, 3].map(|channels| (step, channels))) {
                let h = 1.2 * step as f32;
                let weights = Weights::new(&Params { h, template_window, search_window }, channels);
                if weights.nonzero().len() <= most {
                    counts[usize::from(!check::<BASE, COUNT>(&weights))] += 1;
                }
            }
        }
        counts
    }

    #[test]
    fn weights_of_usual_strengths_are_products() {
        for ([found, missing], least) in
            [(count::<32, 2>(), 140), (count::<8, 4>(), 250), (count::<32, 3>(), 600), (count::<8, 5>(), 600)]
        {
            assert!(found >= least && found >= 6 * missing, "{found}, {missing} are missing");
        }
        // Weights of 20 bits, which take more luck.
        for h in [0.0, 1.0, 10.0, 30.0] {
            let params = Params { h, search_window: 3, ..Params::default() };
            let found = check::<8, 5>(&Weights::new(&params, 1));
            assert!(found || h > 0.0);
        }
    }

    #[test]
    fn what_digits_do_not_tell_apart_is_refused() {
        // 49,785 and 19,000 weights, and 528 of 23 bits.
        let weights =
            |h: f32, search_window: u32| Weights::new(&Params { h, search_window, ..Params::default() }, 1);
        assert!(!check::<32, 3>(&weights(120.0, 21)) && !check::<8, 5>(&weights(120.0, 21)));
        assert!(!check::<32, 3>(&weights(10.0, 1)));
        assert!(check::<32, 3>(&weights(60.0, 21)));
    }
}
