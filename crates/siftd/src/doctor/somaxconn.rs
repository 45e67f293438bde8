use super::finding::Finding;
use crate::host::Host;

const CHECK: &str = "accept queue";
const PATH: &str = "/proc/sys/net/core/somaxconn";
/// What the service asks for.
const BACKLOG: u64 = 1024;

/// The kernel cuts the queue of connections that wait to be accepted.
pub(super) fn check(host: &Host) -> Finding {
    match host.number(PATH) {
        None => Finding::unknown(CHECK, format!("{PATH} cannot be read")),
        Some(most) if most >= BACKLOG => Finding::ok(CHECK, format!("somaxconn is {most}")),
        Some(most) => Finding::warning(
            CHECK,
            format!("somaxconn is {most}"),
            format!(
                "in a burst, connections beyond {most} that wait to be accepted are dropped; siftd asks for {BACKLOG}"
            ),
            format!("sysctl -w net.core.somaxconn={BACKLOG}"),
        ),
    }
}
