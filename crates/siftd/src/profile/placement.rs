//! Which processors a service has and which its clients have.

use std::io;

use capacity::profile::Clients;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Processors of a service and of its clients.
pub(super) struct Placement {
    service: Vec<usize>,
    clients: Vec<usize>,
}

impl Placement {
    /// All processors for both; and half of them for each, where there is more than one.
    pub(super) fn all() -> io::Result<Vec<Self>> {
        let own = sched_getaffinity(None)?;
        let own: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|processor| own.is_set(*processor)).collect();
        let mut placements = Vec::new();
        if own.len() > 1 {
            let (service, clients) = own.split_at(own.len() / 2);
            placements.push(Self { service: service.to_vec(), clients: clients.to_vec() });
        }
        placements.push(Self { service: own.clone(), clients: own });
        Ok(placements)
    }

    pub(super) fn clients(&self) -> Clients {
        if self.service == self.clients { Clients::Beside } else { Clients::Apart }
    }

    /// How many processors the service has.
    pub(super) fn processors(&self) -> u32 {
        u32::try_from(self.service.len()).unwrap_or(u32::MAX)
    }

    /// On the processors of the service.
    pub(super) fn serving<T>(&self, run: impl FnOnce() -> T) -> io::Result<T> {
        on(&self.service, run)
    }

    /// On those of the clients.
    pub(super) fn asking<T>(&self, run: impl FnOnce() -> T) -> io::Result<T> {
        on(&self.clients, run)
    }
}

/// With this thread, and those and the processes that it starts, on these processors.
fn on<T>(processors: &[usize], run: impl FnOnce() -> T) -> io::Result<T> {
    let before = sched_getaffinity(None)?;
    let mut set = CpuSet::new();
    processors.iter().for_each(|processor| set.set(*processor));
    sched_setaffinity(None, &set)?;
    let done = run();
    sched_setaffinity(None, &before)?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_started_has_the_processors_that_it_was_given() {
        let before = sched_getaffinity(None).unwrap();
        for placement in Placement::all().unwrap() {
            let within = placement.serving(|| std::thread::spawn(|| sched_getaffinity(None)).join().unwrap());
            assert_eq!(within.unwrap().unwrap().count(), placement.processors());
            assert_eq!(sched_getaffinity(None).unwrap(), before);
        }
    }
}
