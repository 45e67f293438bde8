mod under_way;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use self::under_way::UnderWay;
use crate::statistics::Counters;
use crate::store::Answer;
use crate::{ErrorKind, Key, Store};

/// How much may wait for a store to take it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    /// Writes.
    pub(crate) writes: usize,
    /// Bytes of their values. A single larger value is taken where nothing else waits.
    pub(crate) bytes: usize,
}

/// How long the removal of what has expired may hold up the writes after it.
const PURGE_TIMEOUT: Duration = Duration::from_secs(60);

impl QueueLimits {
    pub(crate) const DEFAULT: Self = Self { writes: 1024, bytes: 64 << 20 };
}

#[derive(Debug)]
enum Write {
    Set(Key, Bytes),
    Remove(Key),
    PurgeExpired,
    Close,
}

impl Write {
    /// What it is about: nothing in particular, where it is not one entry.
    fn subject(&self) -> Option<Key> {
        match self {
            Self::Set(key, _) | Self::Remove(key) => Some(*key),
            Self::PurgeExpired | Self::Close => None,
        }
    }
}

/// The writes that wait for a store, and the task that brings them there. Nobody waits for them.
#[derive(Debug)]
pub(crate) struct WriteBehind {
    queue: mpsc::Sender<Write>,
    waiting: Arc<AtomicUsize>,
    most: usize,
    is_closed: watch::Receiver<bool>,
    counters: Arc<Counters>,
}

impl WriteBehind {
    pub(crate) fn start(
        store: Arc<dyn Store>,
        counters: Arc<Counters>,
        limits: QueueLimits,
        runtime: &Handle,
    ) -> Self {
        let (queue, writes) = mpsc::channel(limits.writes.max(1));
        let waiting = Arc::new(AtomicUsize::new(0));
        let (closed, is_closed) = watch::channel(false);
        let draining = drain(store, Arc::clone(&counters), writes, Arc::clone(&waiting));
        runtime.spawn(async move {
            // It drops the store, which may be opened anew once its closing is known.
            draining.await;
            closed.send_replace(true);
        });
        Self { queue, waiting, most: limits.bytes, is_closed, counters }
    }

    /// Whether there was room.
    pub(crate) fn set(&self, key: Key, value: Bytes) -> bool {
        let size = value.len();
        let room = |waiting: usize| {
            let after = waiting.saturating_add(size);
            (waiting == 0 || after <= self.most).then_some(after)
        };
        if self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_err() {
            self.counters.error(ErrorKind::QueueFull);
            return false;
        }
        let sent = self.send(Write::Set(key, value));
        if !sent {
            self.waiting.fetch_sub(size, Ordering::Relaxed);
        }
        sent
    }

    pub(crate) fn remove(&self, key: Key) {
        self.send(Write::Remove(key));
    }

    pub(crate) fn purge_expired(&self) {
        self.send(Write::PurgeExpired);
    }

    /// Waits until the store has what came before, and is closed, whichever call began that.
    pub(crate) async fn close(&self) {
        // An error says that another call did.
        let _ = self.queue.send(Write::Close).await;
        // And here that the runtime ends.
        let _ = self.is_closed.clone().wait_for(|is_closed| *is_closed).await;
    }

    fn send(&self, write: Write) -> bool {
        let kind = match self.queue.try_send(write) {
            Ok(()) => return true,
            Err(mpsc::error::TrySendError::Full(_)) => ErrorKind::QueueFull,
            Err(mpsc::error::TrySendError::Closed(_)) => ErrorKind::Closed,
        };
        self.counters.error(kind);
        false
    }
}

/// Brings the writes to the store, as many at a time as it takes, and closes it.
async fn drain(
    store: Arc<dyn Store>,
    counters: Arc<Counters>,
    mut writes: mpsc::Receiver<Write>,
    waiting: Arc<AtomicUsize>,
) {
    let mut under_way = UnderWay::new(store.limits().concurrent_writes);
    while let Some(write) = writes.recv().await {
        if let Write::Close = write {
            writes.close();
            while let Ok(late) = writes.try_recv() {
                if !matches!(late, Write::Close) {
                    counters.error(ErrorKind::Closed);
                }
            }
            under_way.finish().await;
            if let Err(error) = store.close().await {
                counters.error(error.kind());
            }
            return;
        }
        let (store, counters, waiting) = (Arc::clone(&store), Arc::clone(&counters), Arc::clone(&waiting));
        under_way.start(write.subject(), perform(write, store, counters, waiting)).await;
    }
}

async fn perform(write: Write, store: Arc<dyn Store>, counters: Arc<Counters>, waiting: Arc<AtomicUsize>) {
    match write {
        Write::Set(key, value) => {
            let size = value.len();
            in_time(store.set(key, value), store.limits().write_timeout, &counters).await;
            waiting.fetch_sub(size, Ordering::Relaxed);
        }
        Write::Remove(key) => in_time(store.remove(key), store.limits().write_timeout, &counters).await,
        Write::PurgeExpired => in_time(store.purge_expired(), PURGE_TIMEOUT, &counters).await,
        // The loop above sees to it.
        Write::Close => {}
    }
}

async fn in_time(write: Answer<'_, ()>, limit: Duration, counters: &Counters) {
    match tokio::time::timeout(limit, write).await {
        Ok(Ok(())) => counters.answered(),
        Ok(Err(error)) => counters.error(error.kind()),
        Err(_) => counters.error(ErrorKind::Timeout),
    }
}
