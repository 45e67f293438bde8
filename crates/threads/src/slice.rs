//! How long a thread goes on before the kernel's scheduler turns to another.

#![allow(unsafe_code)]

use std::io;

use libc::{SCHED_OTHER, SYS_sched_getattr, SYS_sched_setattr, c_long, sched_attr, syscall};

/// The least slice that Linux grants, ns.
const SHORTEST: u64 = 100_000;

/// What the kernel is told of the struct.
const SIZE: u32 = size_of::<sched_attr>() as u32;

/// Asks for the least slice, for this thread and those that it starts from then on. Threads with another policy than the usual one
/// are left as they are.
pub(crate) fn shorten() -> io::Result<()> {
    let mut attributes = attributes()?;
    if i64::from(attributes.sched_policy) != i64::from(SCHED_OTHER) {
        return Ok(());
    }
    attributes.sched_runtime = SHORTEST;
    // SAFETY: the kernel reads as many bytes of the struct as its field `size` says, which are as many as it has; 0 is this thread.
    let status = unsafe { syscall(SYS_sched_setattr, 0, &raw const attributes, 0) };
    succeeded(status)
}

/// Policy, niceness and slice of this thread (0 before Linux 6.12).
fn attributes() -> io::Result<sched_attr> {
    let mut attributes = sched_attr {
        size: SIZE,
        sched_policy: 0,
        sched_flags: 0,
        sched_nice: 0,
        sched_priority: 0,
        sched_runtime: 0,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel writes no more than `SIZE` bytes to the struct, which has as many; any bits are a value of its fields.
    let status = unsafe { syscall(SYS_sched_getattr, 0, &raw mut attributes, SIZE, 0) };
    succeeded(status).map(|()| attributes)
}

fn succeeded(status: c_long) -> io::Result<()> {
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_slice_is_the_shortest_and_all_else_as_before() {
        // A thread of its own, as it lasts.
        let (before, after) = thread::spawn(|| {
            rustix::process::setpriority_process(None, 3).unwrap();
            let before = attributes().unwrap();
            shorten().unwrap();
            (before, attributes().unwrap())
        })
        .join()
        .unwrap();
        let rest = |of: sched_attr| (of.sched_policy, of.sched_flags, of.sched_nice, of.sched_priority);
        assert_eq!(rest(after), rest(before));
        assert_eq!(after.sched_nice, 3);
        // Kernels without slices of their own for threads give none.
        let has_slices = before.sched_runtime > 0;
        assert_eq!(after.sched_runtime, if has_slices { SHORTEST } else { 0 });
    }

    #[test]
    fn threads_of_another_policy_are_left_alone() {
        let (before, after) = thread::spawn(|| {
            let mut idle = attributes().unwrap();
            idle.sched_policy = u32::try_from(libc::SCHED_IDLE).unwrap();
            // SAFETY: as in `shorten`.
            succeeded(unsafe { syscall(SYS_sched_setattr, 0, &raw const idle, 0) }).unwrap();
            let before = attributes().unwrap();
            shorten().unwrap();
            (before, attributes().unwrap())
        })
        .join()
        .unwrap();
        assert_eq!(before.sched_policy, u32::try_from(libc::SCHED_IDLE).unwrap());
        assert_eq!((after.sched_policy, after.sched_runtime), (before.sched_policy, before.sched_runtime));
    }
}
