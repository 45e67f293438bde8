use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{ExtractError, Format};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// `true` while this thread decodes, when a panic will end as an [`ExtractError::Corrupt`] of that one input.
///
/// The default panic hook prints a message for contained panics, too. The hook belongs to the
/// program, not to a library, so a program that wants its log quiet asks here:
///
/// ```
/// let default = std::panic::take_hook();
/// std::panic::set_hook(Box::new(move |info| {
///     if !extract::panic_is_contained() {
///         default(info);
///     }
/// }));
/// ```
pub fn panic_is_contained() -> bool {
    CONTAINED.get()
}

/// Runs a decoder; a panic in it becomes an error. Needs `panic = "unwind"`, the default.
pub(super) fn contain<T>(
    format: Format,
    decoder: impl FnOnce() -> Result<T, ExtractError>,
) -> Result<T, ExtractError> {
    let before = CONTAINED.replace(true);
    // A decoder borrows its input immutably and owns all else that it touches: nothing half-changed survives it.
    let outcome = catch_unwind(AssertUnwindSafe(decoder));
    CONTAINED.set(before);
    outcome.unwrap_or_else(|_| Err(format.corrupt("the decoder gave up on it")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_of_its_input() {
        let outcome: Result<(), _> = contain(Format::WebP, || {
            assert!(panic_is_contained());
            std::panic::resume_unwind(Box::new("as a decoder would"));
        });
        assert_eq!(outcome, Err(Format::WebP.corrupt("the decoder gave up on it")));
        assert!(!panic_is_contained());
    }
}
