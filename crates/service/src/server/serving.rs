use std::sync::Arc;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, Phase};
use crate::gate::Gate;
use crate::outlook;
use crate::recent;
use crate::routes::Routes;
use crate::telemetry::access_log::Level;

use super::FLUSH_TIMEOUT;
use super::listener::Listener;

/// Everything that runs for the service, and its end.
pub(super) struct Serving {
    app: Arc<App>,
    clients: Listening,
    probes: Listening,
    sampling: AbortHandle,
}

/// A listener and its connections.
struct Listening {
    stop: watch::Sender<bool>,
    cut: CancellationToken,
    connections: TaskTracker,
}

impl Serving {
    /// Takes connections on both sockets.
    pub(super) fn begin(app: &Arc<App>, socket: TcpListener, admin: Option<TcpListener>) -> Self {
        let (clients, probes) = (Listening::new(), Listening::new());
        let cap = Arc::new(Semaphore::new(app.config.bounds.connections.get()));
        clients.begin(app, Gate::new(Arc::clone(app), Routes::new(app)), Some(cap), socket);
        if let Some(socket) = admin {
            probes.begin(app, Gate::new(Arc::clone(app), Routes::of_probes(app)), None, socket);
        }
        let sampling = tokio::spawn(sample(Arc::clone(app))).abort_handle();
        Self { app: Arc::clone(app), clients, probes, sampling }
    }

    /// Ends as [`Drain`](crate::Drain) says. Returns whether all was finished.
    pub(super) async fn drain(self) -> bool {
        let Self { app, clients, .. } = &self;
        app.lifecycle.enter(Phase::Draining);
        app.log.event(Level::Info, "draining", &[("requests_in_flight", json!(app.metrics.in_flight()))]);
        time::sleep(app.config.drain.delay).await;
        clients.stop();
        let finished = time::timeout(app.config.drain.timeout, async {
            clients.connections.wait().await;
            app.engine.drain().await;
        });
        let finished = finished.await.is_ok();
        clients.cut.cancel();
        clients.connections.wait().await;
        // Also where it took too long: what was computed is not to be lost with that.
        let stored = time::timeout(FLUSH_TIMEOUT, app.engine.tiers().close()).await.is_ok();
        let finished = finished && stored;
        let level = if finished { Level::Info } else { Level::Warn };
        app.log.event(level, "stopped", &[("finished", json!(finished))]);
        self.cut().await;
        finished
    }

    /// Ends at once.
    pub(super) async fn cut(self) {
        self.sampling.abort();
        for listening in [self.clients, self.probes] {
            listening.stop();
            listening.cut.cancel();
            listening.connections.wait().await;
        }
    }
}

impl Listening {
    fn new() -> Self {
        let (connections, cut) = (TaskTracker::new(), CancellationToken::new());
        Self { stop: watch::Sender::new(false), cut, connections }
    }

    fn begin(&self, app: &Arc<App>, gate: Gate, cap: Option<Arc<Semaphore>>, socket: TcpListener) {
        let listener = Listener {
            gate,
            app: Arc::clone(app),
            cap,
            connections: self.connections.clone(),
            stopped: self.stop.subscribe(),
            cut: self.cut.clone(),
            socket,
        };
        self.connections.spawn(listener.run());
    }

    /// Takes no more connections; those that are idle end.
    fn stop(&self) {
        self.stop.send_replace(true);
        self.connections.close();
    }
}

/// Takes down what was done so far, and reckons now and then what could be, until it is aborted.
async fn sample(app: Arc<App>) {
    let mut interval = time::interval(recent::INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        for _ in 0..outlook::EVERY {
            interval.tick().await;
            app.recent.take_down(&app.engine);
        }
        let app = Arc::clone(&app);
        let reckon = move || app.outlook.renew(&app.registry, app.engine.config(), &app.log);
        // A panic there has been printed, and the next outlook is reckoned all the same.
        let _ = tokio::task::spawn_blocking(reckon).await;
    }
}
