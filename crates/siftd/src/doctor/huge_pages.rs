use super::finding::Finding;
use crate::host::Host;

const CHECK: &str = "huge pages";
const PATH: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

/// Transparent huge pages for all: a fork of Redis copies 2 MB for each byte that is written meanwhile.
pub(super) fn check(host: &Host) -> Finding {
    let Some(text) = host.read(PATH) else {
        return Finding::unknown(CHECK, format!("{PATH} cannot be read"));
    };
    if !text.contains("[always]") {
        let chosen = text.split(['[', ']']).nth(1).unwrap_or("unknown").to_owned();
        return Finding::ok(CHECK, format!("transparent huge pages: {chosen}"));
    }
    Finding::warning(
        CHECK,
        "transparent huge pages: always",
        "a cache server on this host takes more memory and stalls when it forks; siftd keeps more than it needs",
        format!("echo madvise > {PATH}"),
    )
}
