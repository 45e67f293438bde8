//! The time limit of requests' heads, without a timer for each of them.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// A timer for hyper's limit of the time that a head may take, which begins anew with each request, and hardly ever ends: its
/// sleeps wake nobody, and are over where they are looked at after their time. So whoever drives the connection has to look
/// from time to time.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadTimer;

struct Until(Instant);

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Until(deadline))
    }
}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if Instant::now() < self.0 { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Sleep for Until {}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn it_is_over_where_it_is_looked_at_after_its_time() {
        let mut context = Context::from_waker(Waker::noop());
        let mut poll = |mut sleep: Pin<Box<dyn Sleep>>| sleep.as_mut().poll(&mut context);
        assert!(poll(HeadTimer.sleep(Duration::ZERO)).is_ready());
        assert!(poll(HeadTimer.sleep_until(Instant::now())).is_ready());
        assert!(poll(HeadTimer.sleep(Duration::from_secs(3600))).is_pending());
    }
}
