use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::finding::Finding;
use crate::host::Host;

const CHECK: &str = "clock";
/// 1 January 2026: before siftd was.
const LEAST: Duration = Duration::from_secs(1_767_225_600);
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// Entries of shared tiers expire by the clocks of those who read them.
pub(super) fn check(host: &Host) -> Finding {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mend = "timedatectl set-ntp true (or install chrony)";
    if now < LEAST {
        let why =
            "certificates are refused, and what other hosts keep seems to have expired or never to expire";
        return Finding::error(CHECK, "it is before 2026", why, mend);
    }
    let synchronised = host
        .has(SYNCHRONISED)
        .then_some(true)
        .or_else(|| told_by("timedatectl", &["show", "-p", "NTPSynchronized"]));
    match synchronised {
        Some(true) => Finding::ok(CHECK, "synchronised"),
        Some(false) => {
            let why = "entries of shared tiers and times in logs of several hosts disagree";
            Finding::warning(CHECK, "not synchronised", why, mend)
        }
        None => Finding::unknown(
            CHECK,
            "whether it is synchronised cannot be told here (in a container: the host's)",
        ),
    }
}

/// What a tool says, if there is one.
fn told_by(program: &str, arguments: &[&str]) -> Option<bool> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    match String::from_utf8_lossy(&output.stdout).trim().split_once('=')?.1 {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}
