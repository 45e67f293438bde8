//! A table of weights as products of four small tables that fit vector registers, in single precision.

use super::Weights;

/// An exponential of a sum is a product of exponentials: the weight at a place, an index moved by the same for all, is the product of
/// an entry of each table, by three of its bits each, rounded to the nearest, of two to the even one.
#[derive(Debug)]
pub(crate) struct Factors {
    pub(crate) tables: [[f32; ENTRIES]; TABLES],
    /// Weights are zero from this index on.
    pub(crate) end: u16,
}

const ENTRIES: usize = 8;
const TABLES: usize = 4;

/// Which bits of a place the tables are for, and where indices begin.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// Bits from 0, 3, 6 and 9 on, so that there are the most products. Places are indices.
    Apart,
    /// Bits from 0, 3, 6 and 8 on, so that the last begin with a byte; the lowest of these are no business of the table before. The
    /// first index without a weight is at [`END`], from where on products are zero.
    Bytewise,
}

/// The first of the last 256 places, whose bytewise products are zero.
pub(crate) const END: u16 = 7 << 8;

impl Form {
    /// The first bits of the tables.
    pub(crate) const fn shifts(self) -> [i32; TABLES] {
        match self {
            Self::Apart => [0, 3, 6, 9],
            Self::Bytewise => [0, 3, 6, 8],
        }
    }

    /// Weights that are products.
    pub(crate) const fn products(self) -> usize {
        match self {
            Self::Apart => ENTRIES.pow(TABLES as u32),
            Self::Bytewise => END as usize,
        }
    }

    /// The place of index 0 for so many weights.
    fn first(self, weights: usize) -> usize {
        match self {
            Self::Apart => 0,
            Self::Bytewise => usize::from(END) - weights,
        }
    }

    /// The entry of each table for a place; of entries that are alike, the first.
    fn entries(self, place: usize) -> [usize; TABLES] {
        let [first, second, third, fourth] = self.shifts().map(|shift| place >> shift & (ENTRIES - 1));
        match self {
            Self::Apart => [first, second, third, fourth],
            Self::Bytewise => [first, second, third & 3, fourth],
        }
    }
}

/// No factor of a weight is larger: all weights are within a factor of 1,000 of each other. Others are kept finite, so that zero
/// times them is zero.
pub(super) const LARGEST: f64 = 65_536.0;

/// Factors that are less are zero: no weight has them, but vectors multiply them for what has no weight, too, and processors take a hundred
/// times as long where a product falls below the normal range of floats.
const SMALLEST: f64 = 1e-8;

/// Added to a number below 2^23, this rounds it to the nearest integer, of two to the even one, which then stands in the low bits of
/// the sum.
pub(crate) const TO_LOW_BITS: f32 = 8_388_608.0;

impl Factors {
    /// Finds tables that give every weight exactly; `None` where there are too many, some have more than 15 bits, or none
    /// of those tried do.
    pub(crate) fn new(weights: &Weights, form: Form) -> Option<Self> {
        let table = weights.nonzero();
        weights.fit_lanes().then_some(())?;
        let end = u16::try_from(table.len()).ok().filter(|end| usize::from(*end) <= form.products())?;
        // The product is fixed but the share of each factor is free, and with it the rounding errors.
        let shares = (0..50).map(|step| 1.0 - 0.01 * f64::from(step));
        let decays = nudges(200).map(|nudge| weights.decay() * (1.0 + f64::from(nudge) * 2f64.powi(-28)));
        let mut tried = decays.flat_map(|decay| shares.clone().map(move |share| (decay, share)));
        tried
            .find_map(|(decay, share)| Self::with_decay(table, form, decay, share))
            .map(|tables| Self { tables, end })
    }

    /// Tables but for rounding exponentials with this decay, those of the second one times a share. Each entry of the first one is a
    /// few units of the last place up or down, so that all products that it is in are exact.
    fn with_decay(table: &[u32], form: Form, decay: f64, share: f64) -> Option<[[f32; ENTRIES]; TABLES]> {
        let first = form.first(table.len());
        // One that has a weight, which the factors of all others are relative to.
        let unit = match form {
            Form::Apart => first,
            Form::Bytewise => usize::from(END) - 1,
        };
        let own = |table: usize, place: usize| (form.entries(place)[table] << form.shifts()[table]) as f64;
        let exponential = |table: usize, entry: usize| {
            let place = entry << form.shifts()[table];
            let scale = if table == 1 { share } else { 1.0 };
            let factor = scale * (decay * (own(table, unit) - own(table, place))).exp();
            if factor < SMALLEST { 0.0 } else { factor.min(LARGEST) }
        };
        let mut tables: [[f32; ENTRIES]; TABLES] =
            std::array::from_fn(|table| std::array::from_fn(|entry| exponential(table, entry) as f32));
        if let Form::Bytewise = form {
            tables[TABLES - 1][usize::from(END) >> form.shifts()[TABLES - 1]] = 0.0;
        }
        let scale = f64::from(*table.first()?) / share * (-decay * (unit - first) as f64).exp();
        for entry in 0..ENTRIES {
            let ideal = (scale * exponential(0, entry)) as f32;
            let places = (first..).zip(table).filter(|(place, _)| place % ENTRIES == entry);
            tables[0][entry] = nudges(24)
                .map(|nudge| f32::from_bits(ideal.to_bits().wrapping_add_signed(nudge)))
                .find(|&factor| {
                    places.clone().all(|(place, &weight)| product(&tables, form, factor, place) == weight)
                })?;
        }
        Some(tables)
    }
}

/// So many numbers, nearest to zero first.
pub(super) fn nudges(count: i32) -> impl Iterator<Item = i32> {
    (0..count).map(|i| if i % 2 == 0 { i / 2 } else { -(i / 2) - 1 })
}

/// The weight at a place, given the factor of the first table: what the vector kernels compute, operation by operation.
fn product(tables: &[[f32; ENTRIES]; TABLES], form: Form, first: f32, place: usize) -> u32 {
    let shifts = form.shifts();
    let factor = |table: usize| tables[table][place >> shifts[table] & (ENTRIES - 1)];
    (first * factor(1)).mul_add(factor(2) * factor(3), TO_LOW_BITS).to_bits() - TO_LOW_BITS.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;

    #[test]
    fn no_product_of_factors_is_subnormal() {
        for (h, template_window, search_window) in
            [(0.1, 3, 21), (0.5, 11, 17), (3.0, 11, 17), (3.0, 7, 21), (10.0, 5, 21)]
        {
            for (channels, form) in
                [1, 2].into_iter().flat_map(|n| [Form::Apart, Form::Bytewise].map(|form| (n, form)))
            {
                let weights = Weights::new(&Params { h, template_window, search_window }, channels);
                let Some(Factors { tables, .. }) = Factors::new(&weights, form) else {
                    assert!(weights.nonzero().len() > form.products(), "h {h}");
                    continue;
                };
                let pairs =
                    |a: usize, b: usize| tables[a].into_iter().flat_map(move |x| tables[b].map(|y| x * y));
                let all = pairs(0, 1).flat_map(|x| pairs(2, 3).map(move |y| x * y));
                let is_subnormal = pairs(0, 1).chain(pairs(2, 3)).chain(all).any(f32::is_subnormal);
                assert!(
                    !is_subnormal,
                    "h {h}, {template_window}/{search_window}, {channels} channels, {form:?}"
                );
            }
        }
    }

    #[test]
    fn weights_of_all_strengths_are_products() {
        let windows =
            [(7, 17), (7, 21), (7, 35), (7, 50), (7, 100), (21, 21), (50, 35), (100, 50), (127, 100)];
        for h in (1..=2700_u16).map(|hundredths| f32::from(hundredths) / 100.0) {
            for ((template_window, search_window), channels) in
                windows.into_iter().flat_map(|windows| [(windows, 1), (windows, 2)])
            {
                let params = Params { h, template_window, search_window };
                let weights = Weights::new(&params, channels);
                for form in [Form::Apart, Form::Bytewise] {
                    let are_few = weights.nonzero().len() <= form.products();
                    let factors = Factors::new(&weights, form);
                    assert_eq!(factors.is_some(), are_few, "{params:?}, {channels} channels, {form:?}");
                }
            }
        }
    }

    #[test]
    fn bytewise_products_are_zero_from_the_end_on() {
        // From one weight of all windows that are alike to nearly as many weights as there can be.
        for h in [0.0, 0.5, 1.0, 3.0, 10.0, 18.0] {
            let weights = Weights::new(&Params { h, ..Params::default() }, 1);
            let Factors { tables, end } = Factors::new(&weights, Form::Bytewise).unwrap();
            let weight = |place: usize| product(&tables, Form::Bytewise, tables[0][place % ENTRIES], place);
            assert_eq!(weight(usize::from(END - end)), weights.nonzero()[0], "h {h}");
            assert!((usize::from(END)..2048).all(|place| weight(place) == 0), "h {h}");
        }
    }
}
