//! Clients each of which sends its next request when it has its answer.

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::config::OnRefusal;
use crate::connection::Connection;
use crate::generator::{Arrival, Generator};
use crate::outcome::{Failure, Outcome};

/// How long a client waits that was refused without being told, or found no connection: as a hurried person would.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs the clients of one thread until the load ends.
pub(crate) async fn run(generator: Rc<Generator>, clients: usize, on_refusal: OnRefusal) {
    tokio::time::sleep_until(generator.job.clock.start.into()).await;
    let mut running = JoinSet::new();
    for _ in 0..clients {
        running.spawn_local(client(Rc::clone(&generator), on_refusal));
    }
    while running.join_next().await.is_some() {}
}

async fn client(generator: Rc<Generator>, on_refusal: OnRefusal) {
    let clock = &generator.job.clock;
    let mut connection = Connection::default();
    loop {
        let arrival = Arrival { intended: Instant::now() };
        if !clock.takes(arrival.intended) {
            return;
        }
        generator.begin(arrival, false);
        let pause = match generator.make(&mut connection, arrival).await {
            Outcome::Refused { after } if on_refusal == OnRefusal::Wait => after.unwrap_or(PAUSE),
            Outcome::Failed(Failure::Connect | Failure::Exhausted) => PAUSE,
            _ => continue,
        };
        tokio::select! {
            () = clock.ended.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
