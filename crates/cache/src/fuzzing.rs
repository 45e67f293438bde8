//! What the fuzz targets reach of this crate.

use std::num::NonZeroUsize;

use bytes::{Bytes, BytesMut};

use crate::Extent;
use crate::memcached::protocol;
use crate::shared::{Envelope, reach};

/// Bytes of an envelope.
pub const ENVELOPE_LENGTH: usize = Envelope::LENGTH;

/// The envelope that stored bytes begin with, if it is one, as it would be sealed for an entry of this name.
pub fn sealed_again(name: &str, stored: &[u8]) -> Option<[u8; ENVELOPE_LENGTH]> {
    let (envelope, _) = Envelope::open(name, Bytes::copy_from_slice(stored)).ok()?;
    Some(envelope.seal(name))
}

/// What a store that holds these bytes under a name makes of them: why they are no value, or as much of the value as
/// wanted; none if it has expired.
///
/// # Errors
/// Why they are not what was stored.
pub fn read_stored(name: &str, stored: &[u8], wanted: Extent) -> Result<Option<(Bytes, Extent)>, String> {
    let read = stored.get(..reach(wanted)).unwrap_or(stored);
    let (envelope, value) =
        Envelope::open(name, Bytes::copy_from_slice(read)).map_err(|error| error.to_string())?;
    let cached = envelope.value(value, wanted).map_err(|error| error.to_string())?;
    Ok(cached.map(|cached| (cached.value, cached.extent)))
}

/// The replies of a memcached that sends these bytes in chunks of a size, and whether something that is no reply ends them.
pub fn read_memcached(sent: &[u8], chunk: NonZeroUsize) -> (Vec<String>, bool) {
    let (mut received, mut replies) = (BytesMut::new(), Vec::new());
    for chunk in sent.chunks(chunk.get()) {
        received.extend_from_slice(chunk);
        loop {
            match protocol::next(&mut received) {
                Ok(Some(reply)) => replies.push(format!("{reply:?}")),
                Ok(None) => break,
                Err(protocol::Malformed) => return (replies, true),
            }
        }
    }
    (replies, false)
}
