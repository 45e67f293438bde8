//! Settings as TOML that can be loaded again.

use std::fmt;

use super::setting::{Group, Secrecy, Setting};
use super::table::settings;
use super::{Settings, authority};

/// Digits of a secret that are shown.
const SHOWN: usize = 8;

/// All settings, each with where it comes from. Secrets are masked, and are then no values that could be loaded.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "# Settings of siftd serve.")?;
        let mut group: Option<Group> = None;
        for setting in settings() {
            if group.replace(setting.group) != Some(setting.group) {
                write!(f, "\n\n# {}", setting.group.heading())?;
            }
            write!(f, "\n{}", self.line(&setting))?;
        }
        writeln!(f)
    }
}

impl Settings {
    fn line(&self, setting: &Setting) -> String {
        let Setting { name, unset, .. } = setting;
        let source = self.sources.get(name).map_or("default".to_owned(), |source| source.note(setting));
        let texts: Vec<String> =
            setting.texts(&self.draft).into_iter().map(|text| masked(setting, text)).collect();
        // An empty list that a source gives is a value like others.
        if texts.is_empty() && !self.sources.contains_key(name) {
            return format!("# {name} is not set: {unset}");
        }
        format!("{name} = {} # {source}", setting.kind.toml(&texts))
    }
}

fn masked(setting: &Setting, text: String) -> String {
    match setting.secrecy {
        Secrecy::None => text,
        Secrecy::Password => authority::masked(&text),
        Secrecy::Whole => text.chars().take(SHOWN).chain(['…']).collect(),
    }
}
