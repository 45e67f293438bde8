//! Requests at times that do not depend on the answers.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use tokio::sync::Notify;
use tokio::task::{spawn_local, yield_now};

use crate::alarm::Alarm;
use crate::connection::Connection;
use crate::generator::{Arrival, Generator};
use crate::schedule::Schedule;

/// Follows the schedule until the load ends, then waits for what is under way. What was to begin before the end is begun, however
/// late: to leave it out would be to leave out the longest waits.
pub(crate) async fn run(generator: Rc<Generator>, schedule: Schedule) -> io::Result<()> {
    let alarm = Alarm::new()?;
    let clock = &generator.job.clock;
    let all_done = Rc::new(Notify::new());
    for start in schedule {
        let intended = clock.start + start;
        tokio::select! {
            biased;
            rung = alarm.at(intended) => rung?,
            () = clock.ended.cancelled() => {}
        }
        if !clock.takes(intended) {
            break;
        }
        arrive(&generator, Arrival { intended }, &all_done);
        if intended < Instant::now() {
            // Behind, or one of several at a time: connections must come to their turn all the same.
            yield_now().await;
        }
    }
    while generator.busy.get() > 0 {
        all_done.notified().await;
    }
    Ok(())
}

/// Begins a request on a connection that is idle, or else on a new one, or else when one becomes free.
fn arrive(generator: &Rc<Generator>, arrival: Arrival, all_done: &Rc<Notify>) {
    let waits = generator.busy.get() >= generator.most_connections();
    generator.begin(arrival, waits);
    if waits {
        generator.waiting.borrow_mut().push_back(arrival);
        return;
    }
    generator.busy.set(generator.busy.get() + 1);
    let (generator, all_done) = (Rc::clone(generator), Rc::clone(all_done));
    spawn_local(async move {
        // The one that was used last: others may be closed for being idle.
        let mut connection = generator.idle.borrow_mut().pop().unwrap_or_default();
        let mut next = Some(arrival);
        while let Some(arrival) = next {
            generator.make(&mut connection, arrival).await;
            next = generator.waiting.borrow_mut().pop_front();
            // Those that are past their deadline wait for nothing.
            yield_now().await;
        }
        keep(&generator, connection);
        generator.busy.set(generator.busy.get() - 1);
        all_done.notify_one();
    });
}

fn keep(generator: &Generator, connection: Connection) {
    if connection.is_open() {
        generator.idle.borrow_mut().push(connection);
    }
}
