//! What Redis answers, in the store's terms.

use std::io;

use bytes::Bytes;
use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use crate::StoreError;

/// A string; none for nothing, which `GETRANGE` tells as an empty one.
pub(super) fn bytes(reply: Value) -> Result<Option<Bytes>, StoreError> {
    match reply {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) if bytes.is_empty() => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes.into())),
        _ => Err(StoreError::Corrupt { reason: "it is no string".into() }),
    }
}

/// A whole number; 0 for nothing.
pub(super) fn number(reply: &Value) -> Result<u64, StoreError> {
    match reply {
        Value::Nil => Ok(0),
        Value::Int(number) => Ok(number.unsigned_abs()),
        _ => Err(StoreError::Corrupt { reason: "it is no number".into() }),
    }
}

/// Words; of one node where all nodes of a cluster answer.
pub(super) fn text(reply: Value) -> Result<String, StoreError> {
    match reply {
        Value::BulkString(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Value::VerbatimString { text, .. } => Ok(text),
        Value::Map(of_nodes) => of_nodes.into_iter().next().map_or(Ok(String::new()), |(_, one)| text(one)),
        _ => Err(StoreError::Corrupt { reason: "it is no text".into() }),
    }
}

/// Whether the server is no primary: the address may lead to another one by now.
pub(super) fn is_read_only(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// The error of a command to the server at an address.
pub(super) fn failed(at: &str, error: &RedisError) -> StoreError {
    let at = at.to_owned();
    match error.kind() {
        _ if error.code() == Some("WRONGTYPE") => {
            StoreError::Corrupt { reason: "it is of another type than siftd stores".into() }
        }
        ErrorKind::UnexpectedReturnType => StoreError::Corrupt { reason: error.to_string().into() },
        // Full, unable to write its file, without the replicas that it is to have: it still has what it has.
        _ if matches!(error.code(), Some("OOM" | "MISCONF" | "NOREPLICAS")) => {
            StoreError::Refused { at, reason: error.to_string() }
        }
        ErrorKind::Server(
            ServerErrorKind::NoPerm | ServerErrorKind::CrossSlot | ServerErrorKind::ReadOnly,
        ) => StoreError::Refused { at, reason: error.to_string() },
        ErrorKind::Io => StoreError::Io { at, source: io::Error::other(error.to_string()) },
        // Whatever else it says, it says of itself: that it loads, has lost its primary, wants a password.
        _ => StoreError::Unavailable { at, reason: error.to_string() },
    }
}
