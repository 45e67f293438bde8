#![doc = include_str!("../README.md")]

#[cfg(target_arch = "x86_64")]
mod batch;
#[cfg(target_arch = "x86_64")]
mod multi_buffer;
mod padding;
#[cfg(target_arch = "x86_64")]
mod sha_ni;

/// The 32 bytes of a SHA-256.
pub type Digest = [u8; 32];

/// SHA-256 of a message (FIPS 180-4).
///
/// ```
/// assert_eq!(sha256::digest(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
/// ```
pub fn digest(message: &[u8]) -> Digest {
    #[cfg(target_arch = "x86_64")]
    if let Some(unit) = sha_ni::ShaNi::detect() {
        return unit.digest(message);
    }
    plain(message)
}

/// SHA-256 of each of some messages, in their order, several at the same time where [`together`] says so. Those of
/// about the same length gain most.
///
/// ```
/// assert_eq!(sha256::digests(&[b"abc", b""]), [sha256::digest(b"abc"), sha256::digest(b"")]);
/// ```
pub fn digests(messages: &[&[u8]]) -> Vec<Digest> {
    #[cfg(target_arch = "x86_64")]
    if let Some(unit) = sha_ni::ShaNi::detect() {
        return batch::digests(unit, multi_buffer::MultiBuffer::detect(), messages);
    }
    messages.iter().map(|message| plain(message)).collect()
}

/// How many of so many messages are best hashed at the same time on this machine: up to sixteen with AVX-512, where there
/// are nine or more; else two with the SHA extensions of x86-64, and one without. None of none.
pub fn together(messages: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    if sha_ni::ShaNi::detect().is_some() {
        let lanes = multi_buffer::MultiBuffer::detect().filter(|_| messages >= batch::WORTHWHILE);
        return messages.min(if lanes.is_some() { multi_buffer::LANES } else { 2 });
    }
    messages.min(1)
}

fn plain(message: &[u8]) -> Digest {
    use sha2::Digest as _;
    sha2::Sha256::digest(message).into()
}
