use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time;

use super::{CONNECT_TIMEOUT, HOST_TIMEOUT};
use crate::StoreError;

/// How long a failed attempt stands where there are other connections to use.
const RETRY: Duration = Duration::from_secs(1);

/// A connection that has answered nothing for so long, though it was asked, is given up: longer than any answer is waited for. Its
/// server may hang while the system that it runs on acknowledges all that is sent.
const SILENCE: Duration = Duration::from_secs(2);

/// A connection in the making.
pub(crate) type Connecting<C> = Pin<Box<dyn Future<Output = Result<C, StoreError>> + Send>>;

/// A connection that many share, made when it is first needed and again after it broke or fell silent.
///
/// Those who need one while it is being made wait for the same attempt, which goes on if they stop waiting. How often it
/// is attempted is up to who asks: the breaker before the store ([`Guarded`](crate::Guarded)) is what backs off.
pub(crate) struct Link<C> {
    at: String,
    /// How long an attempt may take.
    limit: Duration,
    connect: Box<dyn Fn() -> Connecting<C> + Send + Sync>,
    attempt: Mutex<Option<Arc<Attempt<C>>>>,
}

struct Attempt<C> {
    began: Instant,
    outcome: watch::Receiver<Option<Result<C, Arc<StoreError>>>>,
    /// When the first was asked of those that were given up since the last answer.
    silent_since: Mutex<Option<Instant>>,
}

/// A connection for one operation, which is given up where this is dropped before it is [`answered`](Self::answered).
pub(crate) struct Linked<'a, C> {
    pub(crate) connection: C,
    link: &'a Link<C>,
    attempt: Arc<Attempt<C>>,
    asked: Instant,
    is_answered: bool,
}

impl<C> fmt::Debug for Link<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("at", &self.at).finish_non_exhaustive()
    }
}

impl<C: Clone + Send + Sync + 'static> Link<C> {
    /// To the address `at`, as it stands in errors. An attempt has time for so many hosts in a row that are not there, for
    /// [`HOST_TIMEOUT`] each.
    pub(crate) fn new(
        at: String,
        in_vain: usize,
        connect: impl Fn() -> Connecting<C> + Send + Sync + 'static,
    ) -> Self {
        let limit = CONNECT_TIMEOUT + HOST_TIMEOUT * u32::try_from(in_vain).unwrap_or(u32::MAX);
        Self { at, limit, connect: Box::new(connect), attempt: Mutex::new(None) }
    }

    pub(crate) fn at(&self) -> &str {
        &self.at
    }

    /// The connection, made if there is none.
    pub(crate) async fn get(&self) -> Result<Linked<'_, C>, StoreError> {
        let attempt = self.attempt();
        let connected = attempt.outcome.borrow().as_ref().and_then(|outcome| outcome.as_ref().ok()).cloned();
        if let Some(connection) = connected {
            return Ok(self.linked(connection, attempt));
        }
        let mut outcome = attempt.outcome.clone();
        let settled = match outcome.wait_for(Option::is_some).await {
            Ok(settled) => settled.clone(),
            // The runtime is shutting down.
            Err(_) => None,
        };
        match settled {
            Some(Ok(connection)) => Ok(self.linked(connection, attempt)),
            Some(Err(error)) => {
                self.forget(&attempt);
                Err(self.again(&error))
            }
            None => Err(StoreError::Closed),
        }
    }

    /// Whether there is a connection that is usable, so that nobody needs to wait for one. If there is none, one is being
    /// made from now on, unless that failed a moment ago.
    pub(crate) fn is_ready(&self, usable: impl Fn(&C) -> bool) -> bool {
        let attempt = self.attempt();
        match &*attempt.outcome.borrow() {
            Some(Ok(connection)) if usable(connection) => return true,
            Some(Ok(_)) => {}
            Some(Err(_)) if attempt.began.elapsed() > RETRY => {}
            Some(Err(_)) | None => return false,
        }
        self.forget(&attempt);
        self.attempt();
        false
    }

    /// Drops the connection.
    pub(crate) fn close(&self) {
        *locked(&self.attempt) = None;
    }

    fn linked(&self, connection: C, attempt: Arc<Attempt<C>>) -> Linked<'_, C> {
        Linked { connection, link: self, attempt, asked: Instant::now(), is_answered: false }
    }

    fn attempt(&self) -> Arc<Attempt<C>> {
        let mut current = locked(&self.attempt);
        Arc::clone(current.get_or_insert_with(|| {
            let (settle, outcome) = watch::channel(None);
            let (limit, connecting) = (self.limit, (self.connect)());
            tokio::spawn(async move {
                let connected = time::timeout(limit, connecting).await;
                let connected = connected.unwrap_or(Err(StoreError::Timeout { limit }));
                settle.send_replace(Some(connected.map_err(Arc::new)));
            });
            Arc::new(Attempt { began: Instant::now(), outcome, silent_since: Mutex::new(None) })
        }))
    }

    /// The error for one of many who waited.
    fn again(&self, error: &StoreError) -> StoreError {
        match error {
            StoreError::Unavailable { at, reason } => {
                StoreError::Unavailable { at: at.clone(), reason: reason.clone() }
            }
            StoreError::Timeout { limit } => StoreError::Timeout { limit: *limit },
            StoreError::Io { at, source } => {
                StoreError::Io { at: at.clone(), source: io::Error::new(source.kind(), source.to_string()) }
            }
            error => StoreError::Io { at: self.at.clone(), source: io::Error::other(error.to_string()) },
        }
    }
}

impl<C> Link<C> {
    /// Whether it was the current one.
    fn forget(&self, attempt: &Arc<Attempt<C>>) -> bool {
        let mut current = locked(&self.attempt);
        current.take_if(|current| Arc::ptr_eq(current, attempt)).is_some()
    }
}

impl<C> Linked<'_, C> {
    /// To be called when an answer has come, an error of the server's included.
    pub(crate) fn answered(&mut self) {
        self.is_answered = true;
        *locked(&self.attempt.silent_since) = None;
    }

    /// How long ago the connection began to be made.
    pub(crate) fn age(&self) -> Duration {
        self.attempt.began.elapsed()
    }

    /// To be called where the connection turns out to be broken: the next who needs one makes it anew. Whether nobody
    /// did so before.
    pub(crate) fn discard(&self) -> bool {
        self.link.forget(&self.attempt)
    }
}

/// A connection for lookups and one for writes to the same servers, so that no lookup waits behind a large value.
#[derive(Debug)]
pub(crate) struct Links<C> {
    pub(crate) lookups: Link<C>,
    pub(crate) writes: Link<C>,
}

impl<C: Clone + Send + Sync + 'static> Links<C> {
    /// Gives up both where one turns out to be broken, unless somebody did so before: that the other one is broken would cost its next
    /// user a value.
    pub(crate) fn give_up(&self, broken: &Linked<'_, C>) {
        if broken.discard() {
            self.close();
        }
    }

    /// Drops both connections.
    pub(crate) fn close(&self) {
        self.lookups.close();
        self.writes.close();
    }
}

impl<C> Drop for Linked<'_, C> {
    fn drop(&mut self) {
        let is_silent = || {
            let mut since = locked(&self.attempt.silent_since);
            since.get_or_insert(self.asked).elapsed() >= SILENCE
        };
        if !self.is_answered && is_silent() {
            self.discard();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
