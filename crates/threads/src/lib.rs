//! Where and when threads get a processor: those that share a few milliseconds of work with the one that starts them, and those that
//! are to answer soon beside threads that compute.

#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod processor;
#[cfg(target_os = "linux")]
mod slice;
mod yielding;

use std::io;
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::Duration;

/// As [`Scope::spawn`], but the thread begins on another processor than this one's, if it may use others.
///
/// Where the other processors of a virtual machine sleep, Linux has a new thread begin where the one that starts it is at work, and
/// moves it once it has looked at the balance of loads some times: the two take turns at one processor until then, for 10 ms and
/// more. Here this thread gives way to the new one, which leaves.
///
/// Where the thread may be afterwards does not change. Other systems than Linux are left to do as they do.
///
/// # Errors
/// Of the system, where it gives no more threads: the task is not done then.
///
/// ```
/// let (mut first, mut second) = (0, 0);
/// std::thread::scope(|scope| {
///     threads::spawn_elsewhere(scope, || second = (500..1000).sum::<u32>())?;
///     first = (0..500).sum::<u32>();
///     Ok::<_, std::io::Error>(())
/// })?;
/// assert_eq!(first + second, (0..1000).sum());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn spawn_elsewhere<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    task: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    #[cfg(not(target_os = "linux"))]
    return thread::Builder::new().spawn_scoped(scope, task);
    #[cfg(target_os = "linux")]
    {
        let (here, account) = (processor::current(), clock::Account::open());
        let spawned = thread::Builder::new().spawn_scoped(scope, move || {
            let _account = account;
            processor::leave(here);
            task()
        })?;
        thread::yield_now();
        Ok(spawned)
    }
}

/// Asks the kernel to let this thread run as soon as it is ready, and those that it starts from then on: for threads that mostly wait,
/// and whose answer is waited for.
///
/// A thread that has just begun to compute goes on for a slice of some milliseconds before one that becomes ready, except before one
/// that has the shorter slice (Linux 6.12 and later, `PREEMPT_SHORT`). This gives it the shortest. How processors are shared out in the
/// long run does not change. Where the kernel has no such slices, or does not give them, all stays as it is.
///
/// ```
/// std::thread::spawn(threads::shorten_slice).join().unwrap();
/// ```
pub fn shorten_slice() {
    #[cfg(target_os = "linux")]
    let _ = slice::shorten();
}

/// Lets another thread that is ready have this processor, but not more often than every millisecond, and every 32 where others keep it
/// for long: for threads that compute beside others that are to answer soon, to be called as often as it is convenient. Whether it did.
///
/// A thread that becomes ready when it has just had more than its share of a processor does not displace the one that computes there, and
/// Linux looks at them again at the next tick of its clock, up to 4 ms later (EEVDF; 250 Hz). A thread that yields makes it look.
///
/// ```
/// let sum: u64 = (0..100_000_u64).inspect(|_| _ = threads::yield_if_due()).sum();
/// assert_eq!(sum, 4_999_950_000);
/// ```
pub fn yield_if_due() -> bool {
    yielding::yield_if_due()
}

/// Processor time of the thread that started it, and of those that it starts by [`spawn_elsewhere`] and that have ended, from then on.
///
/// ```
/// let clock = threads::ProcessorClock::start();
/// std::thread::scope(|scope| {
///     threads::spawn_elsewhere(scope, || (0..1000).sum::<u32>()).map(drop)
/// })?;
/// assert!(clock.elapsed().is_none_or(|time| time.as_secs() < 60));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ProcessorClock(Option<Duration>);

impl ProcessorClock {
    /// Begins now.
    pub fn start() -> Self {
        Self(Self::now())
    }

    /// To be asked by the thread that started it. None on other systems than Linux.
    pub fn elapsed(&self) -> Option<Duration> {
        Self::now().zip(self.0).map(|(now, began)| now.saturating_sub(began))
    }

    fn now() -> Option<Duration> {
        #[cfg(target_os = "linux")]
        return Some(clock::processor_time());
        #[cfg(not(target_os = "linux"))]
        None
    }
}
