//! What the values of settings are, as text and as TOML.

use std::borrow::Cow;

use extract::{Parameter, ParameterKind};
use toml::Value;

use super::quantity::{bytes, human, seconds};

/// What the values of a setting are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// A whole number, the bounds included.
    Whole { least: u64, most: u64 },
    /// A number of which these words tell the range, which the setting itself checks.
    Number(&'static str),
    /// A time in seconds, the bounds included.
    Seconds { least: f64, most: f64 },
    /// A number of bytes, the bounds included.
    Bytes { least: u64, most: u64 },
    /// `true` or `false`.
    Switch,
    /// What these words say.
    Text(&'static str),
    /// Any number of what these words say.
    List(&'static str),
}

impl From<&Parameter> for Kind {
    fn from(parameter: &Parameter) -> Self {
        match parameter.kind {
            ParameterKind::Choice(_) => Self::Text(parameter.allowed),
            ParameterKind::Whole { least, most } => Self::Whole { least: least.into(), most: most.into() },
            ParameterKind::Number { .. } => Self::Number(parameter.allowed),
            ParameterKind::Switch => Self::Switch,
        }
    }
}

impl Kind {
    /// What a value must be; of a list, each of them.
    pub(crate) fn allowed(self) -> String {
        match self {
            Self::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Self::Number(range) => format!("a number, {range}"),
            Self::Seconds { least, most } => format!("seconds from {least} to {most}"),
            Self::Bytes { least, most } => format!("bytes from {} to {}", human(least), human(most)),
            Self::Switch => "true or false".to_owned(),
            Self::Text(words) | Self::List(words) => words.to_owned(),
        }
    }

    /// A value in the one form that TOML and fields read; `None` if it is none of this kind.
    pub(crate) fn canonical(self, text: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Whole { least, most } => {
                let value = text.parse().ok()?;
                (least..=most).contains(&value).then(|| value.to_string().into())
            }
            Self::Number(_) => text.parse::<f64>().ok()?.is_finite().then(|| text.into()),
            Self::Seconds { least, most } => {
                let value = seconds(text)?;
                (least..=most).contains(&value.as_secs_f64()).then(|| value.as_secs_f64().to_string().into())
            }
            Self::Bytes { least, most } => {
                let value = bytes(text)?;
                (least..=most).contains(&value).then(|| value.to_string().into())
            }
            Self::Switch => match text {
                "true" | "on" => Some("true".into()),
                "false" | "off" => Some("false".into()),
                _ => None,
            },
            Self::Text(_) | Self::List(_) => Some(text.into()),
        }
    }

    /// The texts that TOML holds; the error is the part that has a wrong type.
    pub(crate) fn texts(self, value: &Value) -> Result<Vec<String>, &Value> {
        match (self, value) {
            (Self::List(_), Value::Array(entries)) => {
                entries.iter().map(|entry| entry.as_str().map(str::to_owned).ok_or(entry)).collect()
            }
            (Self::Text(_) | Self::Bytes { .. }, Value::String(text)) => Ok(vec![text.clone()]),
            (
                Self::Whole { .. } | Self::Bytes { .. } | Self::Number(_) | Self::Seconds { .. },
                Value::Integer(number),
            ) => Ok(vec![number.to_string()]),
            (Self::Number(_) | Self::Seconds { .. }, Value::Float(number)) => Ok(vec![number.to_string()]),
            (Self::Switch, Value::Boolean(on)) => Ok(vec![on.to_string()]),
            _ => Err(value),
        }
    }

    /// Canonical texts as TOML, of which there is one unless it is a list.
    pub(crate) fn toml(self, texts: &[String]) -> String {
        match self {
            Self::List(_) => Value::from(texts.to_vec()).to_string(),
            Self::Text(_) => texts.iter().map(|text| Value::from(text.as_str()).to_string()).collect(),
            _ => texts.concat(),
        }
    }
}
