use std::time::Duration;

use redis::Value;
use redis::aio::ConnectionLike;
use redis::cluster_async::ClusterConnection;
use tokio::task::AbortHandle;
use tokio::time;

/// How often a cluster is asked for its primaries.
const EVERY: Duration = Duration::from_secs(5);

/// The primaries that a connection to a cluster knows.
///
/// The nodes themselves tell its client of others that have taken over slots, but one that hangs tells nothing, and is asked in
/// vain for as long as it does. So the others are asked, too, without anybody's waiting for it.
#[derive(Debug)]
pub(super) struct Primaries {
    until_replaced: AbortHandle,
}

impl Primaries {
    /// Asks from time to time over the connection, until this is dropped.
    pub(super) fn watch(cluster: ClusterConnection) -> Self {
        Self { until_replaced: tokio::spawn(until_replaced(cluster)).abort_handle() }
    }

    /// Whether one of them is no longer a primary.
    pub(super) fn are_replaced(&self) -> bool {
        self.until_replaced.is_finished()
    }
}

impl Drop for Primaries {
    fn drop(&mut self) {
        self.until_replaced.abort();
    }
}

async fn until_replaced(mut cluster: ClusterConnection) {
    let mut known = Vec::new();
    loop {
        let mut slots = redis::cmd("CLUSTER");
        slots.arg("SLOTS");
        // A node that answers nothing, or an error, tells nothing: another one will be asked.
        let primaries =
            cluster.req_packed_command(&slots).await.map(|reply| primaries(&reply)).unwrap_or_default();
        if !primaries.is_empty() {
            if known.iter().any(|primary| !primaries.contains(primary)) {
                return;
            }
            known = primaries;
        }
        time::sleep(EVERY).await;
    }
}

/// Identities of the primaries in what `CLUSTER SLOTS` answers: rows of first slot, last slot, primary and replicas, each of them
/// address, port and identity. None in any other answer.
fn primaries(reply: &Value) -> Vec<Value> {
    let primary = |row| parts(parts(row).get(2)?).get(2).cloned();
    parts(reply).iter().filter_map(primary).collect()
}

fn parts(value: &Value) -> &[Value] {
    match value {
        Value::Array(parts) => parts,
        _ => &[],
    }
}
