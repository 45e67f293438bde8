//! A table of weights as products of two small tables that fit vector registers.

use super::Weights;

/// An exponential of a sum is a product of exponentials: for place `i` in rows of 64, `coarse[i / 64 % 32] * fine[i % 64] / 2^16`,
/// rounded down, is the weight or 1 less, and then bit `i / 64` of `corrections[i % 64]` is set.
///
/// A weight's place is its index less `origin`, which lets the last row end with the last weight, where that can be done: no
/// place beyond needs to be told from the others. The first weights then begin within row 0, or, where they are more than
/// 16 bits of corrections are for, within the row before it (31, modulo 32), whose products are the weights.
#[derive(Debug, Default)]
pub(crate) struct Product {
    pub(crate) coarse: [u16; ROWS],
    pub(crate) fine: [[u16; 32]; 2],
    pub(crate) corrections: [[u16; 32]; 2],
    pub(crate) origin: i16,
    /// Weights are zero from this index on.
    pub(crate) end: i16,
}

/// Places in a row, rows, and rows that have corrections.
const ROW: usize = 64;
const ROWS: usize = 32;
const CORRECTED: usize = 16;

/// Weights that are corrected.
const PRODUCTS: usize = ROW * CORRECTED;

impl Product {
    /// Finds the tables; `None` where the weights are too many or don't fit the form.
    pub(crate) fn new(weights: &Weights) -> Option<Self> {
        let table = weights.nonzero().iter().map(|&weight| u16::try_from(weight).ok());
        let table: Vec<u16> = table.collect::<Option<_>>()?;
        let len = i16::try_from(table.len()).ok()?;
        let aligned = len - (table.len().min(PRODUCTS).next_multiple_of(ROW)) as i16;
        // The product is fixed but the share of each factor is free, and with it the rounding errors.
        let scales = || (0..64).map(|step| 65535.0 * 0.98f64.powi(step));
        let mut origins =
            [aligned, 0].into_iter().filter(|origin| usize::from((len - origin).unsigned_abs()) <= PRODUCTS);
        origins.find_map(|origin| {
            scales().find_map(|scale| Self::with_scale(&table, weights.decay(), origin, scale))
        })
    }

    /// Whether there are no weights beyond the last in its row.
    pub(crate) fn is_aligned(&self) -> bool {
        usize::from((self.end - self.origin).unsigned_abs()).is_multiple_of(ROW)
    }

    fn with_scale(table: &[u16], decay: f64, origin: i16, scale: f64) -> Option<Self> {
        let (largest, end) = (f64::from(*table.first()?), i16::try_from(table.len()).ok()?);
        let coarse_at = |index: isize| (65536.0 / scale * largest * (-decay * index as f64).exp()).round();
        let mut fine: [u16; ROW] =
            std::array::from_fn(|i| (scale * (-decay * i as f64).exp()).round() as u16);
        let (mut coarse, mut corrections) = ([0; ROWS], [0; ROW]);
        if let Ok(before @ 1..) = usize::try_from(origin) {
            let factor = coarse_at(before as isize - ROW as isize);
            let columns = fine.get_mut(ROW.checked_sub(before)?..)?;
            coarse[ROWS - 1] = exact(&table[..before], factor, columns)?;
        }
        for (row, coarse) in coarse.iter_mut().enumerate().take(CORRECTED) {
            let start = isize::from(origin) + (row * ROW) as isize;
            let first = start.max(0) as usize;
            let weights = table.get(first..table.len().min((start + ROW as isize) as usize)).unwrap_or(&[]);
            if weights.is_empty() {
                break;
            }
            let columns = (first as isize - start) as usize..;
            let fine = &fine[columns.clone()];
            let ideal = coarse_at(start).min(65536.0) as i32;
            *coarse = (ideal - 2..=ideal + 2)
                .filter_map(|factor| u16::try_from(factor).ok())
                .find(|&factor| fits(weights, factor, fine))?;
            for ((&weight, &fine), corrections) in weights.iter().zip(fine).zip(&mut corrections[columns]) {
                if weight > product(*coarse, fine) {
                    *corrections |= 1 << row;
                }
            }
        }
        let halves = |whole: [u16; ROW]| [0, 32].map(|at| std::array::from_fn(|i| whole[at + i]));
        Some(Self { coarse, fine: halves(fine), corrections: halves(corrections), origin, end })
    }
}

/// A factor for these weights near `factor`, and those of `fine` moved to where the products are the weights.
fn exact(weights: &[u16], factor: f64, fine: &mut [u16]) -> Option<u16> {
    let factor = (factor <= f64::from(u16::MAX)).then_some(factor as u32)?;
    for (&weight, fine) in weights.iter().zip(fine) {
        let weight = u32::from(weight) << 16;
        let (least, most) = (weight.div_ceil(factor), (weight + 0xffff) / factor);
        *fine = u16::try_from(u32::from(*fine).max(least).min(most)).ok()?;
    }
    Some(factor as u16)
}

/// Whether a row's products are its weights or 1 less.
fn fits(weights: &[u16], coarse: u16, fine: &[u16]) -> bool {
    weights.iter().zip(fine).all(|(&weight, &fine)| {
        let product = product(coarse, fine);
        product == weight || product + 1 == weight
    })
}

fn product(coarse: u16, fine: u16) -> u16 {
    ((u32::from(coarse) * u32::from(fine)) >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;

    /// The weight at a place from 0 to 2047, as the vectors find it.
    fn weight(form: &Product, place: usize) -> u32 {
        let (row, column) = (place / ROW, place % ROW);
        let correction =
            u32::from(form.corrections.as_flattened()[column]).checked_shr(row as u32).unwrap_or(0) & 1;
        u32::from(product(form.coarse[row], form.fine.as_flattened()[column])) + correction
    }

    #[test]
    fn all_places_have_their_weight() {
        let mut forms = 0;
        for (channels, search_window) in [(1, 21), (2, 21), (1, 15), (2, 15), (1, 13), (2, 13)] {
            // Among them such as have 1,026 and 1,088 weights.
            for h in (1..=56).map(|quarters| quarters as f32 / 4.0).chain([9.86, 10.155]) {
                let weights = Weights::new(&Params { h, search_window, ..Params::default() }, channels);
                let Some(form) = Product::new(&weights) else { continue };
                forms += 1;
                // Where there is a row before the first, it has no more than the weights before the first place.
                let before = usize::try_from(form.origin).unwrap_or(0);
                let first = usize::try_from(-form.origin).unwrap_or(0);
                let last = if before > 0 { ROW * (ROWS - 1) } else { ROW * ROWS };
                for place in (first..last).chain(ROW * ROWS - before..ROW * ROWS) {
                    let index = (place as isize + isize::from(form.origin)) as usize % (ROW * ROWS);
                    let expected = weights.table().get(index).copied().unwrap_or(0);
                    let is_told_apart =
                        form.is_aligned() || (place as isize) < isize::from(form.end - form.origin);
                    assert!(!is_told_apart || weight(&form, place) == expected, "h {h}, {channels}: {place}");
                }
            }
        }
        assert!(forms > 240, "{forms}");
    }

    #[test]
    fn the_default_is_aligned() {
        for (channels, origin, end) in [(1, -48, 528), (2, 31, 1055)] {
            let form = Product::new(&Weights::new(&Params::default(), channels)).unwrap();
            assert_eq!((form.origin, form.end), (origin, end), "{channels} channels");
            assert!(form.is_aligned());
        }
    }
}
