use std::ffi::OsStr;
use std::fmt::Display;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

use super::authority::masked;

/// For clap: a URL that may have a password, which is in no error. `0` parses it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Secret<T, E>(pub(crate) fn(&str) -> Result<T, E>);

impl<T, E> TypedValueParser for Secret<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: Display + Clone + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        let invalid = || clap::Error::new(ErrorKind::InvalidUtf8).with_cmd(command);
        let value = value.to_str().ok_or_else(invalid)?;
        self.0(value).map_err(|reason| {
            let of = arg.map_or_else(String::new, |arg| format!(" for '{arg}'"));
            let told = format!("invalid value '{}'{of}: {reason}", masked(value));
            clap::Error::raw(ErrorKind::ValueValidation, told).with_cmd(command)
        })
    }
}
