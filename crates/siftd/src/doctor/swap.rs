use super::finding::Finding;
use crate::host::Host;

const CHECK: &str = "swap";
const PATH: &str = "/proc/sys/vm/swappiness";
const MOST: u64 = 10;

/// A cache that is swapped out answers slower than computing would.
pub(super) fn check(host: &Host) -> Finding {
    let (Some(swaps), Some(swappiness)) = (host.read("/proc/swaps"), host.number(PATH)) else {
        return Finding::unknown(CHECK, format!("/proc/swaps or {PATH} cannot be read"));
    };
    // Below a head.
    if swaps.lines().count() < 2 {
        return Finding::ok(CHECK, "no swap");
    }
    let found = format!("swap, with swappiness {swappiness}");
    if swappiness <= MOST {
        return Finding::ok(CHECK, found);
    }
    let why =
        "the memory tier, or a cache server on this host, may be swapped out while files are kept in memory";
    Finding::warning(CHECK, found, why, format!("sysctl -w vm.swappiness={MOST}"))
}
