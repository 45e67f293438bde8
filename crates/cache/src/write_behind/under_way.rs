use std::collections::HashSet;

use tokio::task::{JoinError, JoinSet};

use crate::Key;

/// Writes that a store is busy with. Those about the same come one after the other, in their order.
pub(super) struct UnderWay {
    most: usize,
    tasks: JoinSet<Option<Key>>,
    subjects: HashSet<Option<Key>>,
}

impl UnderWay {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), tasks: JoinSet::new(), subjects: HashSet::new() }
    }

    /// Starts a write when there is room for it, and none about the same.
    pub(super) async fn start(
        &mut self,
        subject: Option<Key>,
        write: impl Future<Output = ()> + Send + 'static,
    ) {
        while self.tasks.len() >= self.most || self.subjects.contains(&subject) {
            self.finish_one().await;
        }
        self.subjects.insert(subject);
        self.tasks.spawn(async move {
            write.await;
            subject
        });
        // Those that are done by now make room without a wait.
        while let Some(done) = self.tasks.try_join_next() {
            self.done(&done);
        }
    }

    pub(super) async fn finish(&mut self) {
        while !self.tasks.is_empty() {
            self.finish_one().await;
        }
    }

    async fn finish_one(&mut self) {
        match self.tasks.join_next().await {
            Some(done) => self.done(&done),
            None => self.subjects.clear(),
        }
    }

    fn done(&mut self, done: &Result<Option<Key>, JoinError>) {
        match done {
            Ok(subject) => {
                self.subjects.remove(subject);
            }
            // A store that panics is a fault of siftd's; what it was about is free when all others are done.
            Err(_) if self.tasks.is_empty() => self.subjects.clear(),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::Semaphore;

    use super::*;

    fn key(number: u32) -> Option<Key> {
        Some(Key { engine_version: number, fingerprint: [0; 16], digest: [0; 32] })
    }

    #[tokio::test]
    async fn those_about_the_same_keep_their_order_and_others_pass_them() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let gate = Arc::new(Semaphore::new(0));
        let mut under_way = UnderWay::new(3);
        let write = |name: &'static str, waits: bool| {
            let (order, gate) = (Arc::clone(&order), Arc::clone(&gate));
            async move {
                if waits {
                    gate.acquire().await.unwrap().forget();
                }
                order.lock().unwrap().push(name);
            }
        };
        under_way.start(key(1), write("first of 1", true)).await;
        under_way.start(key(2), write("first of 2", false)).await;
        under_way.start(None, write("of all", false)).await;
        let second = under_way.start(key(1), write("second of 1", false));
        let open = async {
            while order.lock().unwrap().len() < 2 {
                tokio::task::yield_now().await;
            }
            gate.add_permits(1);
        };
        tokio::join!(second, open);
        under_way.finish().await;
        assert_eq!(*order.lock().unwrap(), ["first of 2", "of all", "first of 1", "second of 1"]);
    }

    #[tokio::test]
    async fn no_more_are_under_way_than_the_store_takes_and_a_panic_frees_its_place() {
        let running = Arc::new(Mutex::new((0, 0)));
        let mut under_way = UnderWay::new(4);
        for number in 0..100 {
            let running = Arc::clone(&running);
            under_way
                .start(key(number % 10), async move {
                    {
                        let mut running = running.lock().unwrap();
                        running.0 += 1;
                        running.1 = running.1.max(running.0);
                    }
                    tokio::task::yield_now().await;
                    running.lock().unwrap().0 -= 1;
                    assert_ne!(number, 50, "as intended");
                })
                .await;
        }
        under_way.finish().await;
        assert_eq!(*running.lock().unwrap(), (0, 4));
    }
}
