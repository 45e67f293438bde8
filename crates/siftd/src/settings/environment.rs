//! Settings from environment variables: `SIFTD_` and the name of the setting in capitals.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use super::error::{SettingsError, hint, nearest};
use super::kind::Kind;
use super::setting::Setting;
use super::source::{Given, Source};
use super::table::{named, settings};

const PREFIX: &str = "SIFTD_";
const CONFIG: &str = "SIFTD_CONFIG";

/// The variables whose names begin with `SIFTD_`. One that is empty is as good as not there.
#[derive(Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// That of this process.
    pub(crate) fn of_process() -> Self {
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// The configuration file that it names.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        self.0.get(CONFIG).map(PathBuf::from)
    }

    /// The settings of all variables that are settings.
    pub(crate) fn given(&self) -> Result<Vec<Given>, SettingsError> {
        settings()
            .filter_map(|setting| Some((setting, self.0.get(&setting.variable())?)))
            .map(|(setting, value)| {
                let text =
                    value.to_str().ok_or_else(|| SettingsError::NotText { variable: setting.variable() })?;
                Ok(Given { setting, texts: texts(&setting, text), source: Source::Environment })
            })
            .collect()
    }

    /// A line for each variable that is no setting.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let unknown = self.0.keys().filter_map(|variable| {
            let name = variable.strip_prefix(PREFIX)?;
            let known = variable == CONFIG || named(&name.to_lowercase()).is_some();
            (!known && !is_service_link(name)).then(|| {
                let nearest = nearest(&name.to_lowercase());
                let hint = hint(nearest.map(|name| format!("{PREFIX}{}", name.to_uppercase())));
                format!("the variable {variable} is ignored: it is no setting{hint}")
            })
        });
        unknown.collect()
    }
}

impl<Name: Into<String>, Value: Into<OsString>> FromIterator<(Name, Value)> for Environment {
    fn from_iter<Variables: IntoIterator<Item = (Name, Value)>>(variables: Variables) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(variables.filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty()).collect())
    }
}

/// A list is joined by commas.
fn texts(setting: &Setting, text: &str) -> Vec<String> {
    match setting.kind {
        Kind::List(_) => text.split(',').map(|entry| entry.trim().to_owned()).collect(),
        _ => vec![text.to_owned()],
    }
}

/// Whether Kubernetes sets such a variable by itself in every pod beside a service whose name is or begins with
/// `siftd`: `SIFTD_SERVICE_HOST`, `SIFTD_REDIS_PORT_6379_TCP_ADDR` and the like.
fn is_service_link(name: &str) -> bool {
    let words: Vec<&str> = name.split('_').collect();
    let number = |word: &str| word.bytes().all(|digit| digit.is_ascii_digit());
    words.ends_with(&["SERVICE", "HOST"])
        || words.ends_with(&["PORT"])
        || words.windows(2).any(|pair| pair == ["SERVICE", "PORT"])
        || words
            .windows(3)
            .any(|three| matches!(three, ["PORT", port, "TCP" | "UDP" | "SCTP"] if number(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_is_no_mistake() {
        let links = [
            "SIFTD_SERVICE_HOST",
            "SIFTD_SERVICE_PORT",
            "SIFTD_SERVICE_PORT_HTTP",
            "SIFTD_PORT",
            "SIFTD_PORT_8000_TCP",
            "SIFTD_PORT_8000_TCP_PROTO",
            "SIFTD_PORT_8000_TCP_PORT",
            "SIFTD_PORT_8000_TCP_ADDR",
            "SIFTD_REDIS_SERVICE_HOST",
            "SIFTD_REDIS_PORT_6379_TCP_ADDR",
        ];
        let environment: Environment = links.into_iter().map(|name| (name, "tcp://10.0.0.1:8000")).collect();
        assert_eq!(environment.warnings(), Vec::<String>::new());
        assert!(environment.given().unwrap().is_empty());
    }

    #[test]
    fn no_setting_looks_like_what_kubernetes_sets() {
        for setting in settings() {
            assert!(!is_service_link(&setting.name.to_uppercase()), "{}", setting.name);
        }
    }

    #[test]
    fn a_variable_that_is_no_setting_is_told() {
        let variables =
            [("SIFTD_CASHE", "x"), ("SIFTD_CONFIG", "y"), ("SIFTD_CACHE_TTL", "1"), ("HOME", "z")];
        assert_eq!(
            variables.into_iter().collect::<Environment>().warnings(),
            ["the variable SIFTD_CASHE is ignored: it is no setting; the nearest is SIFTD_CACHE"]
        );
    }
}
