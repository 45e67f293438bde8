//! A thread that generates load, from its start to its end.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime;
use tokio::task::LocalSet;

use crate::config::{Config, Traffic};
use crate::generator::{Gauges, Generator, Job};
use crate::schedule::Schedule;
use crate::{closed_loop, open_loop};

/// How often a thread reads its CPU time.
const CPU_INTERVAL: Duration = Duration::from_millis(50);

/// Starts thread `number`; it ends when the job does.
pub(crate) fn start(
    job: Arc<Job>,
    gauges: Arc<Gauges>,
    number: usize,
) -> io::Result<JoinHandle<io::Result<()>>> {
    thread::Builder::new().name(format!("load-{number}")).spawn(move || {
        // On a host that computes, too, a thread that wakes late sends late, and takes answers for late.
        threads::shorten_slice();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let abandoned = job.clock.abandoned.clone();
        let local = LocalSet::new();
        let load = local.run_until(async {
            let own = Arc::clone(&gauges);
            tokio::task::spawn_local(async move {
                let mut interval = tokio::time::interval(CPU_INTERVAL);
                loop {
                    interval.tick().await;
                    own.read_cpu();
                }
            });
            let generator = Generator::new(job, Arc::clone(&gauges), number);
            tokio::select! {
                biased;
                () = abandoned.cancelled() => Ok(()),
                made = generate(generator) => made,
            }
        });
        let made = runtime.block_on(load);
        gauges.read_cpu();
        made
    })
}

async fn generate(generator: Rc<Generator>) -> io::Result<()> {
    let Config { traffic, seed, threads, .. } = generator.job.config;
    match traffic {
        Traffic::Open { rate, arrivals } => {
            let schedule = Schedule::new(arrivals, rate, seed, generator.number, threads);
            open_loop::run(generator, schedule).await
        }
        Traffic::Closed { clients, on_refusal } => {
            let own = clients / threads + usize::from(generator.number < clients % threads);
            closed_loop::run(generator, own, on_refusal).await;
            Ok(())
        }
    }
}
