use super::finding::Finding;
use crate::host::Host;

const CHECK: &str = "open files";
/// Beside connections: files of a cache, connections to backends, sockets that listen.
const OTHERS: u64 = 256;

/// Each connection is an open file.
pub(super) fn check(host: &Host, connections: u64) -> Finding {
    let Some((soft, hard)) = host.read("/proc/self/limits").as_deref().and_then(limits) else {
        return Finding::unknown(CHECK, "no limit can be read from /proc/self/limits");
    };
    let needed = connections + OTHERS;
    let found = format!("at most {} open files", told(soft));
    if soft.is_none_or(|soft| soft >= needed) {
        return Finding::ok(CHECK, found);
    }
    let why = format!("{connections} connections (max_connections) and what else is open need {needed}");
    let command = if hard.is_none_or(|hard| hard >= needed) {
        format!("ulimit -n {needed} (systemd: LimitNOFILE={needed})")
    } else {
        format!("as root: prlimit --pid <of the service> --nofile={needed} (systemd: LimitNOFILE={needed})")
    };
    if soft.is_some_and(|soft| soft < connections) {
        Finding::error(CHECK, found, why, command)
    } else {
        Finding::warning(CHECK, found, why, command)
    }
}

/// Soft and hard; none is without a limit.
fn limits(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut fields = line.split_whitespace();
    let mut next = || {
        let field = fields.next()?;
        if field == "unlimited" { Some(None) } else { field.parse().ok().map(Some) }
    };
    Some((next()?, next()?))
}

fn told(limit: Option<u64>) -> String {
    limit.map_or_else(|| "any number of".to_owned(), |limit| limit.to_string())
}
