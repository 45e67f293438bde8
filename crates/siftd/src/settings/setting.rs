//! What one setting is.

use extract::{Parameter, ParameterGroup};

use super::draft::Draft;
use super::kind::Kind;

/// A setting of `siftd serve`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Name in the file: lower case, words joined by `_`.
    pub(crate) name: &'static str,
    /// Under which heading help and reference show it.
    pub(crate) group: Group,
    /// What it does, in a line.
    pub(crate) help: &'static str,
    /// Unit of its values, where neither name nor kind tells it; else empty.
    pub(crate) unit: &'static str,
    /// What holds where it is not set; empty where it always has a value.
    pub(crate) unset: &'static str,
    /// What of its values is not shown.
    pub(crate) secrecy: Secrecy,
    /// What its values are.
    pub(crate) kind: Kind,
    access: Access,
}

/// What of a setting's values is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// They are shown.
    None,
    /// The password in a URL.
    Password,
    /// All but their beginning.
    Whole,
}

/// How a setting is kept in a [`Draft`].
#[derive(Debug, Clone, Copy)]
enum Access {
    /// In a place of its own.
    Field(Field),
    /// As one of the parameters that features depend on.
    Parameter(&'static Parameter),
}

/// A place in a [`Draft`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its values as they would be written; none where it is not set.
    pub(crate) texts: fn(&Draft) -> Vec<String>,
    /// Takes a value, in a list after those that are there; `None` if it cannot be one.
    pub(crate) put: fn(&mut Draft, &str) -> Option<()>,
    /// Empties a list; of others, does nothing.
    pub(crate) clear: fn(&mut Draft),
}

/// What a setting is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Listening,
    Cache,
    Computing,
    Bounds,
    Access,
    Ending,
    Log,
    Features(ParameterGroup),
}

impl Group {
    /// Its heading in help and reference.
    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Listening => "Listening",
            Self::Cache => "Cache",
            Self::Computing => "Computing",
            Self::Bounds => "Connections and bodies",
            Self::Access => "Access",
            Self::Ending => "Ending",
            Self::Log => "Log",
            Self::Features(group) => group.heading(),
        }
    }
}

impl From<&'static Parameter> for Setting {
    fn from(parameter: &'static Parameter) -> Self {
        Self {
            name: parameter.name,
            group: Group::Features(parameter.group),
            help: parameter.help,
            unit: parameter.unit,
            unset: "",
            secrecy: Secrecy::None,
            kind: parameter.into(),
            access: Access::Parameter(parameter),
        }
    }
}

impl Setting {
    /// A setting that always has a value and is no secret.
    pub(crate) const fn new(
        group: Group,
        name: &'static str,
        help: &'static str,
        kind: Kind,
        field: Field,
    ) -> Self {
        let access = Access::Field(field);
        Self { name, group, help, unit: "", unset: "", secrecy: Secrecy::None, kind, access }
    }

    pub(crate) const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    pub(crate) const fn unset(self, unset: &'static str) -> Self {
        Self { unset, ..self }
    }

    pub(crate) const fn secret(self, secrecy: Secrecy) -> Self {
        Self { secrecy, ..self }
    }

    /// The flag, without the dashes before it.
    pub(crate) fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("SIFTD_{}", self.name.to_uppercase())
    }

    /// What a value must be, in words.
    pub(crate) fn allowed(&self) -> String {
        self.kind.allowed()
    }

    /// Its values in a draft, as they would be written; none where it is not set.
    pub(crate) fn texts(&self, draft: &Draft) -> Vec<String> {
        match self.access {
            Access::Field(field) => (field.texts)(draft),
            Access::Parameter(parameter) => vec![parameter.value_in(&draft.params)],
        }
    }

    /// Its values where no source gives any.
    pub(crate) fn defaults(&self) -> Vec<String> {
        self.texts(&Draft::default())
    }

    /// Sets it to these values, of which there is exactly one unless it is a list; the error is the one that it
    /// cannot have.
    pub(crate) fn assign<'a>(&self, draft: &mut Draft, texts: &'a [String]) -> Result<(), &'a str> {
        if let Access::Field(field) = self.access {
            (field.clear)(draft);
        }
        texts.iter().try_for_each(|text| self.put(draft, text).ok_or(text.as_str()))
    }

    fn put(&self, draft: &mut Draft, text: &str) -> Option<()> {
        let text = self.kind.canonical(text)?;
        match self.access {
            Access::Field(field) => (field.put)(draft, &text),
            Access::Parameter(parameter) => draft.params.set(parameter.name, &text).ok(),
        }
    }
}
