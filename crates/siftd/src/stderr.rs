//! What is told on standard error. That nobody can be told changes nothing: a full disk or a reader that went away ends no service.

use std::fmt::Display;
use std::io::{self, Write};

/// A line that begins with the program's name.
pub(crate) fn tell(message: impl Display) {
    print(format_args!("siftd: {message}\n"));
}

/// As it is.
pub(crate) fn print(text: impl Display) {
    // In one piece, so that those of other threads don't come between.
    let _ = io::stderr().write_all(text.to_string().as_bytes());
}
