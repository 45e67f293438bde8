//! What settings cannot be.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use super::authority;
use super::conflict::Conflict;
use super::kind::Kind;
use super::quantity;
use super::setting::{Secrecy, Setting};
use super::source::Source;
use super::table::settings;

/// Settings that cannot be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration {}: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    /// The configuration file is no TOML.
    #[error("{}, line {line}: {reason}", .path.display())]
    Syntax { path: PathBuf, line: usize, reason: String },
    /// The configuration file sets what is no setting.
    #[error("{}: no setting is called {key}{}", .path.display(), hint(nearest(.key)))]
    UnknownKey { path: PathBuf, key: String },
    /// A variable is no text.
    #[error("{variable} is not UTF-8")]
    NotText { variable: String },
    /// A value is none of the setting's, or outside its range.
    #[error("{place} is {value}, but must be {allowed}")]
    Value { place: String, value: String, allowed: String },
    /// Settings do not go together.
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

impl SettingsError {
    /// The error of a file that is no TOML.
    pub(crate) fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Self::Syntax { path: path.to_path_buf(), line, reason: error.message().to_owned() }
    }

    /// The error of a value that a setting cannot have. A secret is not told.
    pub(crate) fn value(setting: &Setting, source: &Source, value: &str) -> Self {
        let readable = !value.is_empty() && !value.chars().any(char::is_control);
        let value = match (setting.secrecy, readable) {
            (Secrecy::Whole, _) => "[not shown, as it is secret]".to_owned(),
            (Secrecy::Password, true) => authority::masked(value),
            (Secrecy::Password, false) => format!("{:?}", authority::masked(value)),
            (Secrecy::None, true) => value.to_owned(),
            (Secrecy::None, false) => format!("{value:?}"),
        };
        let allowed = match (source, setting.kind) {
            (Source::File(_), Kind::List(each)) => format!("an array, each {each}"),
            (_, Kind::Bytes { .. }) if quantity::bytes(&value).is_none() => {
                format!("{}, a whole number of them or of one of {}", setting.allowed(), quantity::units())
            }
            _ => setting.allowed(),
        };
        Self::Value { place: source.place(setting), value, allowed }
    }
}

/// How alike two names are, from 0 to 1, of which one may be meant where the other is written.
const ALIKE: f64 = 0.8;

/// The setting whose name is most like this one, if it is alike.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |setting: &&'static str| strsim::jaro_winkler(setting, name);
    let names = settings().map(|setting| setting.name).filter(|setting| likeness(setting) >= ALIKE);
    names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

/// What follows a name that is no setting's.
pub(crate) fn hint(nearest: Option<impl Display>) -> String {
    nearest.map_or_else(
        || "; siftd serve --print-config shows all there are".to_owned(),
        |nearest| format!("; the nearest is {nearest}"),
    )
}
