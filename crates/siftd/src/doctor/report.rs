use std::fmt::Write;

use serde::Serialize;

use super::finding::{Finding, Severity};

/// Names the form of the JSON.
const SCHEMA: &str = "siftd-doctor/1";

/// What is printed as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    schema: &'static str,
    /// The worst of the findings.
    severity: Severity,
    findings: &'a [Finding],
}

impl<'a> Report<'a> {
    pub(super) fn new(findings: &'a [Finding]) -> Self {
        let severity = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok);
        Self { schema: SCHEMA, severity, findings }
    }
}

/// What is printed for a person: a line a finding, and below it what mends it.
pub(super) fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let severity = match finding.severity {
            Severity::Ok => "ok",
            Severity::Unknown => "?",
            Severity::Warning => "warning",
            Severity::Error => "ERROR",
        };
        // A string takes everything.
        let _ = writeln!(text, "{severity:8} {}: {}", finding.check, finding.found);
        if let Some(why) = &finding.why {
            let _ = writeln!(text, "         {why}");
        }
        if let Some(command) = &finding.command {
            let _ = writeln!(text, "         mend it: {command}");
        }
    }
    text
}
