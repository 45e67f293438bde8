//! Settings from a TOML file: a flat table, each key the name of a setting.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::error::SettingsError;
use super::source::{Given, Source};
use super::table::named;

/// The settings of a file. What they may be together with others is not checked yet.
pub(crate) fn read(path: &Path) -> Result<Vec<Given>, SettingsError> {
    let text = fs::read_to_string(path)
        .map_err(|source| SettingsError::Read { path: path.to_path_buf(), source })?;
    let table: Table = toml::from_str(&text).map_err(|error| SettingsError::syntax(path, &text, &error))?;
    table.into_iter().map(|(key, value)| given(path, key, &value)).collect()
}

fn given(path: &Path, key: String, value: &Value) -> Result<Given, SettingsError> {
    let Some(setting) = named(&key) else {
        return Err(SettingsError::UnknownKey { path: path.to_path_buf(), key });
    };
    let source = Source::File(path.to_path_buf());
    let texts = setting
        .kind
        .texts(value)
        .map_err(|wrong| SettingsError::value(&setting, &source, &wrong.to_string()))?;
    Ok(Given { setting, texts, source })
}
