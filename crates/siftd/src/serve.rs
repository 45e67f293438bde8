//! `siftd serve`: the service.

use std::future::Future;
use std::io;
use std::time::Duration;

use service::Server;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::Error;
use crate::outcome::Outcome;
use crate::settings::ServeConfig;
use crate::{stderr, stores};

/// Threads for what would keep others from being answered: hashing and encoding what is large, files of the cache.
const BLOCKING_THREADS: usize = 32;

/// How long helper threads may take to end after the service.
const LINGER: Duration = Duration::from_secs(1);

/// Runs the service until it is told to end. It fails where it did not finish all that it had begun.
pub(crate) fn run(config: ServeConfig) -> Result<Outcome, Error> {
    let ServeConfig { service, engine, cache } = config;
    // One that is busy must not keep all others from being answered.
    let workers = engine.threads.get().max(2);
    let mut runtime = runtime::Builder::new_multi_thread();
    runtime.worker_threads(workers).max_blocking_threads(BLOCKING_THREADS).enable_all();
    let runtime = runtime.on_thread_start(threads::shorten_slice).build().map_err(Error::Runtime)?;
    let finished = runtime.block_on(async {
        let shutdown = shutdown()?;
        let environment = |name: &str| std::env::var(name).ok();
        let mut server =
            Server::bind(service, engine, stores::tiers(&cache), io::stdout(), environment).await?;
        // Only now, as the threads that compute are not to have it from this one.
        threads::shorten_slice();
        if let Some(opening) = stores::store(cache) {
            server = server.with_store(opening);
        }
        Ok(server.run(shutdown).await?)
    });
    // Whatever still runs is not waited for: its client is gone.
    runtime.shutdown_timeout(LINGER);
    finished.map(Outcome::done_if)
}

/// Waits for SIGTERM or SIGINT. A second one ends the process at once; SIGHUP is told that it changes nothing.
fn shutdown() -> Result<impl Future<Output = ()>, Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signal)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(Error::Signal)?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            stderr::tell("settings are read at the start alone: restart to change them");
        }
    });
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(1);
        });
    })
}
