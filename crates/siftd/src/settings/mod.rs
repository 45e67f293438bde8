//! The configuration of `siftd serve`. One table of settings gives flags, environment variables, the keys of the TOML
//! file, `--print-config`, the messages of errors and `docs/configuration.md`.
//!
//! A flag counts before a variable, a variable before the file, the file before the default.

mod authority;
mod cache_url;
mod conflict;
mod draft;
mod environment;
mod error;
mod file;
mod flags;
mod kind;
mod print;
pub(crate) mod quantity;
#[cfg(test)]
mod reference;
mod secret;
mod setting;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use authority::{Authority, masked};
pub(crate) use cache_url::{CacheUrl, Server};
pub(crate) use draft::{CacheConfig, Draft, ServeConfig, SharedStore};
pub(crate) use environment::Environment;
pub(crate) use error::SettingsError;
pub(crate) use flags::ServeArguments;
pub(crate) use secret::Secret;
use source::{Given, Source};
pub(crate) use table::LEAST_CACHE_DISK;

/// All settings from all sources, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// What they amount to.
    pub(crate) config: ServeConfig,
    /// What its giver should know, though it stops nothing.
    pub(crate) warnings: Vec<String>,
    draft: Draft,
    /// Where settings come from, by name; those that are left out have their default.
    sources: BTreeMap<&'static str, Source>,
}

impl Settings {
    /// A cache that others share, and its URL with the password.
    pub(crate) fn shared_cache(&self) -> Option<(&Server, &str)> {
        match &self.draft.cache {
            CacheUrl::Shared(server, url) => Some((server, url)),
            CacheUrl::None | CacheUrl::Memory | CacheUrl::Disk(_) => None,
        }
    }
}

/// Collects the settings from file, environment and flags, and checks them: one by one, then together. What a source
/// gives is checked even where another one overrides it.
///
/// # Errors
/// The first setting that cannot be, with where it was given and what is allowed.
pub(crate) fn load(arguments: &ServeArguments, environment: &Environment) -> Result<Settings, SettingsError> {
    let file = arguments.config().map(Into::into).or_else(|| environment.config_file());
    let mut given = file.map_or(Ok(Vec::new()), |path| file::read(&path))?;
    given.extend(environment.given()?);
    given.extend(arguments.given());

    let mut draft = Draft::default();
    let mut sources = BTreeMap::new();
    for Given { setting, texts, source } in given {
        setting.assign(&mut draft, &texts).map_err(|text| SettingsError::value(&setting, &source, text))?;
        sources.insert(setting.name, source);
    }
    let config = draft.finish()?;
    Ok(Settings { config, warnings: environment.warnings(), draft, sources })
}
