use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// As it should be.
    Ok,
    /// It cannot be told, or does not matter here.
    Unknown,
    /// It costs speed, or goes wrong under load.
    Warning,
    /// It will go wrong.
    Error,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Name of the check.
    pub(super) check: &'static str,
    pub(super) severity: Severity,
    /// What is so.
    pub(super) found: String,
    /// What that means, where it is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    /// The command that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, severity: Severity::Ok, found: found.into(), why: None, command: None }
    }

    pub(super) fn unknown(check: &'static str, found: impl Into<String>) -> Self {
        Self { severity: Severity::Unknown, ..Self::ok(check, found) }
    }

    pub(super) fn warning(
        check: &'static str,
        found: impl Into<String>,
        why: impl Into<String>,
        command: impl Into<String>,
    ) -> Self {
        let (why, command) = (Some(why.into()), Some(command.into()));
        Self { severity: Severity::Warning, why, command, ..Self::ok(check, found) }
    }

    pub(super) fn error(
        check: &'static str,
        found: impl Into<String>,
        why: impl Into<String>,
        command: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Error, ..Self::warning(check, found, why, command) }
    }
}
