//! Memcached, one server of it; several are one store by [`Sharded`](crate::Sharded).

mod connection;
pub(crate) mod protocol;
mod server;

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};

use self::connection::Connection;
use self::protocol::{Reply, Request};
use crate::shared::{
    CHECKED, CONNECTIONS, Envelope, HostPort, Link, Linked, Links, SharedConfig, WHOLE, reach, unix_ms,
};
use crate::store::Answer;
use crate::{Cached, Extent, Key, ServerInfo, Store, StoreError, StoreLimits};

/// Bytes of an item, so that it fits into memcached's default of 1 MiB with its name and what memcached adds.
const PART: usize = 1_000_000;

/// Items of one value.
const PARTS: usize = 64;

/// Times from here on are taken for dates by memcached.
const LONGEST_RELATIVE: u64 = 30 * 24 * 3600;

/// Which memcached keeps the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemcachedConfig {
    /// The server.
    pub address: HostPort,
    /// What holds for every shared store.
    pub shared: SharedConfig,
}

/// Values in one memcached (1.6 or later), which forgets them by itself.
///
/// A value is an item of the entry's name, and its first 128 bytes are another, so that a summary is one small `mg`.
/// What does not fit into an item of 1,000,000 bytes goes on in items of its own, up to 64 of them; whoever reads it
/// gets them with one more round trip. A value of which a part was evicted is not there; one larger than 64 items, or
/// larger than the server takes, is [`StoreError::TooLarge`].
///
/// Lookups go over one connection, writes over another, on which they follow each other without waiting. Each is made when
/// it is first needed, and both again when one broke. There is no encryption and no password: memcached is for networks of its own.
#[derive(Debug)]
pub struct MemcachedStore {
    links: Links<Connection>,
    shared: SharedConfig,
}

impl MemcachedStore {
    /// A store that is not connected yet.
    pub fn new(config: MemcachedConfig) -> Self {
        let MemcachedConfig { address, shared } = config;
        Self { links: Links { lookups: link(&address), writes: link(&address) }, shared }
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        match self.run(&self.links.lookups, Request::get(name)).await? {
            Reply::Value(value) => Ok(Some(value)),
            Reply::Missing => Ok(None),
            reply => Err(self.refused(reply, 0)),
        }
    }

    async fn write(&self, name: &str, stored: &[&[u8]], ttl: Duration) -> Result<(), StoreError> {
        let length = stored.iter().map(|part| part.len()).sum();
        match self.run(&self.links.writes, Request::set(name, stored, expiry(ttl))).await? {
            Reply::Done => Ok(()),
            reply => Err(self.refused(reply, length)),
        }
    }

    /// Words that a request is answered with; none where it is about an item that is not there.
    async fn ask(&self, request: Request) -> Result<Option<String>, StoreError> {
        match self.run(&self.links.lookups, request).await? {
            Reply::Text(text) => Ok(Some(text)),
            Reply::Missing => Ok(None),
            reply => Err(self.refused(reply, 0)),
        }
    }

    async fn run(&self, link: &Link<Connection>, request: Request) -> Result<Reply, StoreError> {
        let mut linked = link.get().await?;
        let reply = linked.connection.run(request).await;
        linked.answered();
        self.checked(&linked, reply)
    }

    /// The outcome of a request as it is; where it failed both connections are given up.
    fn checked<T>(
        &self,
        linked: &Linked<'_, Connection>,
        sent: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if sent.is_err() {
            self.links.give_up(linked);
        }
        sent
    }

    fn refused(&self, reply: Reply, length: usize) -> StoreError {
        match reply {
            Reply::TooLarge => StoreError::TooLarge { actual: length as u64, allowed: PART as u64 },
            reply => {
                StoreError::Refused { at: self.links.lookups.at().to_owned(), reason: reply.to_string() }
            }
        }
    }

    /// The rest of a value that has more parts than the first. None if one is missing.
    async fn rest(&self, name: &str, first: Bytes, length: u64) -> Result<Option<Bytes>, StoreError> {
        let too_large = StoreError::TooLarge { actual: length, allowed: LARGEST as u64 };
        let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST).ok_or(too_large)?;
        let parts = (length + Envelope::LENGTH).div_ceil(PART);
        let mut linked = self.links.lookups.get().await?;
        let mut asked = Vec::with_capacity(parts);
        for number in 1..parts {
            let sent = linked.connection.start(Request::get(&part(name, number))).await;
            asked.push(self.checked(&linked, sent)?);
        }
        let mut value = BytesMut::with_capacity(length);
        value.extend_from_slice(&first);
        for reply in asked {
            let reply = Connection::finish(self.links.lookups.at(), reply).await;
            linked.answered();
            match self.checked(&linked, reply)? {
                Reply::Value(part) => value.extend_from_slice(&part),
                Reply::Missing => return Ok(None),
                reply => return Err(self.refused(reply, 0)),
            }
        }
        Ok(Some(value.freeze()))
    }
}

fn link(address: &HostPort) -> Link<Connection> {
    let address = address.clone();
    // A name may have an address of either kind.
    Link::new(address.to_string(), 1, move || Box::pin(Connection::open(address.clone())))
}

/// Bytes of a value at most.
const LARGEST: usize = PART * PARTS - Envelope::LENGTH;

/// Name of the item with the beginning.
fn beginning(name: &str) -> String {
    format!("{name}:h")
}

/// Name of the item with a part after the first.
fn part(name: &str, number: usize) -> String {
    format!("{name}:{number}")
}

/// A time to live as memcached takes it: whole seconds, at least one, or the date where it is far away.
fn expiry(ttl: Duration) -> u64 {
    let seconds = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
    if seconds < LONGEST_RELATIVE { seconds.max(1) } else { unix_ms(SystemTime::now()) / 1000 + seconds }
}

impl Store for MemcachedStore {
    fn name(&self) -> &'static str {
        "memcached"
    }

    fn limits(&self) -> StoreLimits {
        self.shared.limits()
    }

    fn get(&self, key: Key, wanted: Extent) -> Answer<'_, Option<Cached>> {
        Box::pin(async move {
            let name = self.shared.name(&key);
            let whole = reach(wanted) == WHOLE;
            let item = if whole { name.clone() } else { beginning(&name) };
            let Some(stored) = self.read(&item).await? else { return Ok(None) };
            let (envelope, mut value) = Envelope::open(&name, stored)?;
            if whole && value.len() + Envelope::LENGTH == PART && envelope.length() > value.len() as u64 {
                match self.rest(&name, value, envelope.length()).await? {
                    Some(all) => value = all,
                    None => return Ok(None),
                }
            }
            envelope.value(value, wanted)
        })
    }

    /// The item that others are found by comes last.
    fn set(&self, key: Key, value: Bytes) -> Answer<'_, ()> {
        Box::pin(async move {
            if value.len() > LARGEST {
                return Err(StoreError::TooLarge { actual: value.len() as u64, allowed: LARGEST as u64 });
            }
            let (name, ttl) = (self.shared.name(&key), self.shared.ttl_of(&key));
            let sealed = Envelope::of(&value, SystemTime::now() + ttl).seal(&name);
            let (first, rest) = value.split_at(value.len().min(PART - Envelope::LENGTH));
            for (number, bytes) in (1..).zip(rest.chunks(PART)) {
                self.write(&part(&name, number), &[bytes], ttl).await?;
            }
            self.write(&name, &[&sealed, first], ttl).await?;
            let header = value.get(..CHECKED).unwrap_or(&value);
            self.write(&beginning(&name), &[&sealed, header], ttl).await
        })
    }

    /// Further parts are left to expire: without the first they are no value.
    fn remove(&self, key: Key) -> Answer<'_, ()> {
        Box::pin(async move {
            let name = self.shared.name(&key);
            for item in [beginning(&name), name] {
                match self.run(&self.links.writes, Request::delete(&item)).await? {
                    Reply::Done | Reply::Missing => {}
                    reply => return Err(self.refused(reply, 0)),
                }
            }
            Ok(())
        })
    }

    fn server(&self) -> Answer<'_, Option<ServerInfo>> {
        Box::pin(async move {
            let version = self.ask(Request::version()).await?.unwrap_or_default();
            let statistics = self.ask(Request::statistics("")).await?.unwrap_or_default();
            Ok(Some(ServerInfo {
                version: format!("memcached {}", version.trim_start_matches("VERSION ")),
                processes: 1,
                clients: server::statistic(&statistics, "max_connections").unwrap_or(0) / CONNECTIONS,
            }))
        })
    }

    /// Of the chunks that their items fill, that of the beginning included; further parts of very large values are not in it.
    fn footprint<'a>(&'a self, keys: &'a [Key]) -> Answer<'a, u64> {
        Box::pin(async move {
            let slabs = self.ask(Request::statistics(" slabs")).await?.unwrap_or_default();
            let mut bytes = 0;
            for key in keys {
                let name = self.shared.name(key);
                for item in [beginning(&name), name] {
                    let item = self.ask(Request::describe(&item)).await?;
                    bytes += item.map_or(0, |item| server::chunk_bytes(&item, &slabs));
                }
            }
            Ok(bytes)
        })
    }

    fn close(&self) -> Answer<'_, ()> {
        self.links.close();
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_live_are_never_forever_and_far_ones_are_dates() {
        assert_eq!(expiry(Duration::ZERO), 1);
        assert_eq!(expiry(Duration::from_millis(1_001)), 2);
        assert_eq!(expiry(Duration::from_secs(3600)), 3600);
        let year = 365 * 24 * 3600;
        assert!(expiry(Duration::from_secs(year)) > 1_600_000_000 + year);
    }
}
