use redis::InfoDict;

use super::{CHECK, Server};
use crate::doctor::finding::Finding;
use crate::host::Host;

const OVERCOMMIT: &str = "/proc/sys/vm/overcommit_memory";

/// Whether the server writes what it has to a disk, and what that costs.
pub(super) fn check(server: &mut Server, info: &InfoDict, host: &Host) -> Vec<Finding> {
    let appends = info.get::<u64>("aof_enabled").unwrap_or(0) == 1;
    let saves = server.setting("save");
    let snapshots = saves.as_deref().is_none_or(|save| !save.is_empty());
    let last: String = info.get("rdb_last_bgsave_status").unwrap_or_else(|| "ok".to_owned());
    let mut findings = Vec::new();
    if snapshots && last != "ok" {
        let found = server.told("its last snapshot failed");
        let why = "by default it refuses all writes from then on: nothing new is kept";
        let command = format!("{}; {} lastsave (its log tells why)", server.set("save", "''"), server.cli);
        findings.push(Finding::error(CHECK, found, why, command));
    }
    findings.push(match (appends, saves.as_deref()) {
        (false, Some("")) => Finding::ok(CHECK, server.told("keeps nothing on a disk")),
        (true, Some("")) => Finding::ok(CHECK, server.told("appends to a file, so that entries outlive it")),
        (_, None) => Finding::unknown(CHECK, server.told("does not tell whether it saves snapshots")),
        _ => {
            let found = server.told("saves snapshots");
            let why = "a cache can be computed again; forks for snapshots take up to as much memory again";
            Finding::warning(CHECK, found, why, server.set("save", "''"))
        }
    });
    if server.is_local && (appends || snapshots) && host.number(OVERCOMMIT).is_some_and(|mode| mode != 1) {
        let found = server.told("it forks, and vm.overcommit_memory is not 1");
        let why =
            "a fork may be refused although there is memory, and with it the snapshot and then all writes";
        findings.push(Finding::warning(CHECK, found, why, "sysctl -w vm.overcommit_memory=1"));
    }
    findings
}
