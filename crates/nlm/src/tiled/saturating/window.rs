//! Sums over template windows of 7, which saturate.

use crate::lanes::Lanes;

/// Rows and columns that the sums over a template window of 7 x 7 take beyond their centre.
pub(super) const TEMPLATE: usize = 3;

/// Side of the template window.
pub(super) const SIDE: usize = 2 * TEMPLATE + 1;

/// Sums of `SIDE` consecutive inputs: of the first ones, and of those that end with each of the rest.
///
/// Sums from a cut up to each input after it, and from each input before it to the cut, make the sums of all windows across
/// the cut with one addition each (van Herk, Gil and Werman). Nothing is taken away, so that sums may saturate. A bias
/// comes to each of them for a seventh of an addition.
#[inline(always)]
pub(super) fn window_sums<V: Lanes, T>(
    first: impl Iterator<Item = V>,
    rest: impl Iterator<Item = V>,
    bias: Option<V>,
    mut outputs: impl Iterator<Item = T>,
    mut put: impl FnMut(T, V),
) {
    let mut before: [V; SIDE] = [V::splat(0); SIDE];
    for (before, input) in before.iter_mut().zip(first) {
        *before = input;
    }
    let Some(first) = outputs.next() else { return };
    add_up(&mut before, bias);
    put(first, before[0]);
    // From here on each window takes one more input.
    let mut windows = rest.zip(outputs);
    loop {
        let mut after = V::splat(0);
        for index in 0..SIDE - 1 {
            let Some((input, output)) = windows.next() else { return };
            after = if index == 0 { input } else { after.saturating_add(input) };
            put(output, before[index + 1].saturating_add(after));
            before[index] = input;
        }
        let Some((input, output)) = windows.next() else { return };
        before[SIDE - 1] = input;
        add_up(&mut before, bias);
        put(output, before[0]);
    }
}

/// Makes each input the sum of it, all after it, and the bias.
#[inline(always)]
fn add_up<V: Lanes>(inputs: &mut [V; SIDE], bias: Option<V>) {
    if let Some(bias) = bias {
        inputs[SIDE - 1] = inputs[SIDE - 1].saturating_add(bias);
    }
    for index in (0..SIDE - 1).rev() {
        inputs[index] = inputs[index].saturating_add(inputs[index + 1]);
    }
}
