use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::{Answer, Error};

/// Images of one caller that are being computed or wait for it, so that those that there is no room for wait for these, and are
/// refused for the load of others alone.
#[derive(Debug, Default)]
pub struct Turns {
    taken: AtomicUsize,
    ended: Notify,
}

impl Turns {
    /// Tries to have an image computed, again and again as long as others of the same caller take the room.
    pub(crate) async fn take<F>(&self, compute: impl Fn() -> F) -> Result<Answer, Error>
    where
        F: Future<Output = Result<Answer, Error>>,
    {
        loop {
            self.taken.fetch_add(1, Ordering::Relaxed);
            let answer = compute().await;
            let mut ended = pin!(self.ended.notified());
            // Before it is known whether there are others: the last of them may end meanwhile.
            ended.as_mut().enable();
            let others = self.taken.fetch_sub(1, Ordering::Relaxed) - 1;
            if others == 0 || !matches!(answer, Err(Error::Overloaded { .. })) {
                self.ended.notify_waiters();
                return answer;
            }
            ended.await;
        }
    }
}
