//! Fewer samples of a row.

use crate::isa::for_each_isa;

for_each_isa! {
    /// Every second, third or fourth sample of a row, as `step` says, from the first on, as many as `to` has room for.
    pub(crate) fn take_every(step: usize, row: &[f32], to: &mut [f32]) = take_every_body;
}

#[inline(always)]
fn take_every_body(step: usize, row: &[f32], to: &mut [f32]) {
    match step {
        2 => take::<2>(row, to),
        3 => take::<3>(row, to),
        _ => take::<4>(row, to),
    }
}

#[inline(always)]
fn take<const STEP: usize>(row: &[f32], to: &mut [f32]) {
    let (whole, rest) = row.as_chunks::<STEP>();
    for (to, from) in to.iter_mut().zip(whole) {
        *to = from[0];
    }
    if let (Some(to), Some(from)) = (to.get_mut(whole.len()), rest.first()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Isa;

    #[test]
    fn samples_are_taken_by_steps_from_the_first_on() {
        let row: Vec<f32> = (0..101).map(|i| i as f32).collect();
        for step in 2..=4 {
            for (len, isa) in (0..=row.len()).flat_map(|len| Isa::each().map(move |isa| (len, isa))) {
                let expected: Vec<f32> = row[..len].iter().copied().step_by(step).collect();
                let mut taken = vec![-1.0; expected.len()];
                take_every(isa, step, &row[..len], &mut taken);
                assert_eq!(taken, expected, "{step} of {len}");
            }
        }
    }
}
