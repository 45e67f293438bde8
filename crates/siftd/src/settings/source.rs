//! Where settings are given.

use std::path::PathBuf;

use super::setting::Setting;

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    File(PathBuf),
    Environment,
    Flags,
}

/// A setting, and the values that a source gives it: one, or any number for a list.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) setting: Setting,
    pub(crate) texts: Vec<String>,
    pub(crate) source: Source,
}

impl Source {
    /// What a person must look at to change the setting.
    pub(crate) fn place(&self, setting: &Setting) -> String {
        match self {
            Self::File(path) => format!("{}: {}", path.display(), setting.name),
            Self::Environment => setting.variable(),
            Self::Flags => format!("--{}", setting.flag()),
        }
    }

    /// The same beside the setting itself, on one line.
    pub(crate) fn note(&self, setting: &Setting) -> String {
        match self {
            Self::File(path) => format!("file {path:?}"),
            Self::Environment | Self::Flags => self.place(setting),
        }
    }
}
