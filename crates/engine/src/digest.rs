//! SHA-256 of images as they come in, several at a time where several wait.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use sha256::Digest;
use tokio::sync::oneshot;
use tokio::task;

/// Shorter messages gain less than it costs to bring them together.
const SHORTEST_SHARED: usize = 4 << 10;

/// Longer messages (0.6 ms) are hashed beside the threads that answer requests, which must not wait for them.
const LONGEST_INLINE: usize = 1 << 20;

/// Bytes that are hashed together at most (1.8 ms in sixteen lanes): meanwhile the thread answers nobody.
const LONGEST_BATCH: usize = 4 << 20;

/// Hashes bodies of simultaneous requests together.
///
/// A request puts its body in line and lets the other requests of its thread run. Whoever comes back first takes as many
/// bodies from the head of the line as are best hashed together: one thread hashes them in much less than the time of one
/// after the other. A body that is alone waits for nothing.
#[derive(Debug, Default)]
pub(crate) struct Digester {
    waiting: Mutex<VecDeque<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    message: Bytes,
    digest: oneshot::Sender<Digest>,
}

impl Digester {
    pub(crate) async fn digest(&self, message: &Bytes) -> Digest {
        if message.len() > LONGEST_INLINE {
            let message = message.clone();
            let copy = message.clone();
            return task::spawn_blocking(move || sha256::digest(&message))
                .await
                .unwrap_or_else(|_| sha256::digest(&copy));
        }
        if message.len() < SHORTEST_SHARED || sha256::together(2) == 1 {
            return sha256::digest(message);
        }
        self.shared(message).await
    }

    async fn shared(&self, message: &Bytes) -> Digest {
        let mut place = Place { digester: self, taken: true };
        let (digest, mut done) = oneshot::channel();
        self.line(|line| line.push_back(Waiting { message: message.clone(), digest }));
        task::yield_now().await;
        // From here on nothing yields before the line is empty.
        place.taken = false;
        loop {
            if let Ok(digest) = done.try_recv() {
                return digest;
            }
            let batch = self.line(|line| line.drain(..batch_size(line)).collect::<Vec<_>>());
            if batch.is_empty() {
                // Another thread is at it, or was dropped with it.
                return done.await.unwrap_or_else(|_| sha256::digest(message));
            }
            hash(batch);
        }
    }

    fn line<T>(&self, act: impl FnOnce(&mut VecDeque<Waiting>) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A place in the line. Who gives it up before his turn takes his message out, which counts as long as it is there.
struct Place<'a> {
    digester: &'a Digester,
    taken: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.taken {
            self.digester.line(|line| line.retain(|waiting| !waiting.digest.is_closed()));
        }
    }
}

/// How many at the head of the line are hashed next.
fn batch_size(line: &VecDeque<Waiting>) -> usize {
    let mut bytes = 0;
    let fitting = line.iter().take_while(|waiting| {
        bytes += waiting.message.len();
        bytes <= LONGEST_BATCH
    });
    sha256::together(fitting.count())
}

/// Hashes messages together. Those who gave up get nothing, and that is all right.
fn hash(batch: Vec<Waiting>) {
    let messages: Vec<&[u8]> = batch.iter().map(|waiting| &*waiting.message).collect();
    let digests = sha256::digests(&messages);
    for (waiting, digest) in batch.into_iter().zip(digests) {
        let _ = waiting.digest.send(digest);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn everyone_gets_the_digest_of_his_own_message() {
        let digester = Arc::new(Digester::default());
        let tasks: Vec<_> = (0..200_usize)
            .map(|index| {
                let digester = Arc::clone(&digester);
                tokio::spawn(async move {
                    let lengths = [0, 1, 4096, 5000, 20_011, 197_000, (1 << 20) + 1];
                    let length = lengths[index % lengths.len()];
                    let message = Bytes::from(vec![index as u8; length]);
                    assert_eq!(digester.digest(&message).await, sha256::digest(&message));
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }

    #[test]
    fn a_batch_is_bounded_in_messages_and_in_bytes() {
        let line = |count: usize, bytes: usize| -> VecDeque<Waiting> {
            let message = Bytes::from(vec![7; bytes]);
            (0..count).map(|_| Waiting { message: message.clone(), digest: oneshot::channel().0 }).collect()
        };
        for count in 0..20 {
            assert_eq!(batch_size(&line(count, 100_000)), sha256::together(count));
            // Four of the longest that are shared fit.
            assert_eq!(batch_size(&line(count, LONGEST_INLINE)), sha256::together(count.min(4)));
        }
    }

    #[tokio::test]
    async fn one_who_gives_up_leaves_the_line_in_order_and_no_message_in_it() {
        let digester = Digester::default();
        let messages = [7, 8, 9].map(|byte| Bytes::from(vec![byte; 10_000]));
        let mut waiting = messages.each_ref().map(|message| Some(Box::pin(digester.shared(message))));
        let mut context = Context::from_waker(Waker::noop());
        for place in waiting.iter_mut().flatten() {
            assert!(place.as_mut().poll(&mut context).is_pending());
        }
        waiting[1] = None;
        let left = digester.line(|line| line.iter().map(|waiting| waiting.message[0]).collect::<Vec<_>>());
        assert_eq!(left, [7, 9]);
        for (place, message) in waiting.into_iter().zip(&messages) {
            if let Some(place) = place {
                assert_eq!(place.await, sha256::digest(message));
            }
        }
        assert!(digester.line(|line| line.is_empty()));
    }
}
