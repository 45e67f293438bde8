use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;

/// Waits for an instant to within some microseconds; the runtime's own timers count in milliseconds.
///
/// A timer of Linux is a file from which eight bytes can be read when it is time. The runtime waits for it as it does for a pipe:
/// `AsyncFd`, which is meant for such files, is not to be had without `unsafe`.
#[derive(Debug)]
pub(crate) struct Alarm {
    timer: OwnedFd,
    readable: Receiver,
}

impl Alarm {
    /// To be made within a runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let readable = Receiver::from_owned_fd_unchecked(timer.try_clone()?)?;
        Ok(Self { timer, readable })
    }

    /// Returns at the instant, or at once if it has passed.
    pub(crate) async fn at(&self, instant: Instant) -> io::Result<()> {
        let left = instant.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let setting = Itimerspec { it_interval: timespec(Duration::ZERO), it_value: timespec(left) };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &setting)?;
        loop {
            self.readable.readable().await?;
            match self.readable.try_read(&mut [0; 8]) {
                // That of an alarm that was given up: there is nothing to read.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read.map(drop),
            }
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_never_returns_early_even_after_one_that_was_given_up() {
        let alarm = Alarm::new().unwrap();
        for micros in [0, 300, 1_500, 20] {
            let given_up = alarm.at(Instant::now() + Duration::from_micros(100));
            let _ = tokio::time::timeout(Duration::ZERO, given_up).await;
            let instant = Instant::now() + Duration::from_micros(micros);
            alarm.at(instant).await.unwrap();
            assert!(Instant::now() >= instant);
        }
    }
}
