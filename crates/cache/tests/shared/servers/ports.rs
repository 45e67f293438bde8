//! Ports for the servers of tests and benchmarks, each given once by a process: one that a test's server has left for a moment, or
//! has yet to take, is nobody else's. All are below those that the system gives to outgoing connections by itself.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

/// Those of one server each.
const SINGLE: Range<u16> = 22_000..32_000;

/// The first of each six for a cluster whose nodes talk to each other at ports [`ABOVE`] theirs. Those, too, are below the single
/// ones.
const SIXES: Range<u16> = 10_000..11_990;

const ABOVE: u16 = 10_000;

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    static NEXT: LazyLock<Ports> = LazyLock::new(|| Ports::of(SINGLE, 1));
    NEXT.find(is_free)
}

/// The first of six free ports, of which those ten thousand above are free, too, for the nodes among themselves.
pub(crate) fn first_of_six() -> u16 {
    static NEXT: LazyLock<Ports> = LazyLock::new(|| Ports::of(SIXES, 6));
    NEXT.find(|first| (first..first + 6).all(|port| is_free(port) && is_free(port + ABOVE)))
}

/// Ports of a range one after the other, from anywhere, as other processes look for some as well.
struct Ports {
    range: Range<u16>,
    step: u16,
    next: AtomicU16,
}

impl Ports {
    fn of(range: Range<u16>, step: u16) -> Self {
        let first = fastrand::u16(0..range.len() as u16 / step);
        Self { range, step, next: AtomicU16::new(first) }
    }

    fn find(&self, holds: impl Fn(u16) -> bool) -> u16 {
        let count = self.range.len() as u16 / self.step;
        let port = |turn: u16| self.range.start + turn % count * self.step;
        let mut turns = (0..count).map(|_| port(self.next.fetch_add(1, Relaxed)));
        turns.find(|&port| holds(port)).expect("a free port")
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
