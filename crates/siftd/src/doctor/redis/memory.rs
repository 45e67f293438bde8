use redis::InfoDict;

use super::{CHECK, Server};
use crate::doctor::finding::Finding;

/// Whether the server is bounded, and makes room by itself.
pub(super) fn check(server: &Server, info: &InfoDict) -> Vec<Finding> {
    let number = |name: &str| info.get::<u64>(name).unwrap_or(0);
    let (used, most, machine) = (number("used_memory"), number("maxmemory"), number("total_system_memory"));
    let policy: String = info.get("maxmemory_policy").unwrap_or_else(|| "unknown".to_owned());
    if most == 0 {
        let found = server.told(format!("{:.1} MB in use, no maxmemory", used as f64 / 1e6));
        let why = "it grows until the system ends it, and the cache with it";
        // Room for its buffers and for a fork.
        let half = (machine / 2).max(100 << 20);
        return vec![Finding::warning(CHECK, found, why, server.set("maxmemory", &half.to_string()))];
    }
    let found = server.told(format!(
        "{:.1} of {:.1} MB in use (maxmemory), policy {policy}",
        used as f64 / 1e6,
        most as f64 / 1e6
    ));
    let mut findings = Vec::new();
    if policy == "noeviction" {
        let why = "when it is full every write is refused: nothing new is kept until entries expire";
        let command = server.set("maxmemory-policy", "allkeys-lru");
        findings.push(Finding::error(CHECK, found, why, command));
    } else {
        findings.push(Finding::ok(CHECK, found));
    }
    if machine > 0 && most > machine / 10 * 8 {
        let found = server
            .told(format!("maxmemory is {:.0} % of the machine's", 100.0 * most as f64 / machine as f64));
        let why = "its buffers, fragmentation and a fork have no room: the system may end it";
        let command = server.set("maxmemory", &room(machine).to_string());
        findings.push(Finding::warning(CHECK, found, why, command));
    }
    findings
}

/// What a machine of so much memory has room for, beside buffers, fragmentation and a fork, bytes.
pub(super) fn room(machine: u64) -> u64 {
    machine / 10 * 7
}
