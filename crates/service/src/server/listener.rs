use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection;
use crate::app::App;
use crate::gate::Gate;
use crate::telemetry::access_log::Level;

/// How long to wait where no connection can be accepted, because no file descriptor is left, say.
const BACK_OFF: Duration = Duration::from_millis(100);

/// Accepts connections until it is stopped.
pub(super) struct Listener {
    pub(super) socket: TcpListener,
    pub(super) gate: Gate,
    pub(super) app: Arc<App>,
    /// How many there may be at a time; those beyond wait to be accepted.
    pub(super) cap: Option<Arc<Semaphore>>,
    pub(super) connections: TaskTracker,
    pub(super) stopped: watch::Receiver<bool>,
    /// Breaks off what is under way on them.
    pub(super) cut: CancellationToken,
}

impl Listener {
    pub(super) async fn run(mut self) {
        loop {
            let accepted = tokio::select! {
                // The sender outlives the listener.
                _ = self.stopped.wait_for(|&stopped| stopped) => return,
                accepted = accept(&self.socket, self.cap.as_ref()) => accepted,
            };
            match accepted {
                Ok((stream, peer, permit)) => self.serve(stream, peer, permit),
                Err(error) => {
                    self.app.log.event(Level::Error, "cannot accept", &[("error", json!(error.to_string()))]);
                    time::sleep(BACK_OFF).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr, permit: Option<OwnedSemaphorePermit>) {
        let (gate, app) = (self.gate.clone(), Arc::clone(&self.app));
        let (stopped, cut) = (self.stopped.clone(), self.cut.clone());
        self.connections.spawn(async move {
            let _open = app.metrics.connection();
            let serving = connection::serve(stream, peer, gate, &app.config.bounds, stopped);
            cut.run_until_cancelled(serving).await;
            drop(permit);
        });
    }
}

type Accepted = (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>);

async fn accept(socket: &TcpListener, cap: Option<&Arc<Semaphore>>) -> std::io::Result<Accepted> {
    let permit = match cap {
        // It is never closed.
        Some(cap) => Arc::clone(cap).acquire_owned().await.ok(),
        None => None,
    };
    let (stream, peer) = socket.accept().await?;
    Ok((stream, peer, permit))
}
