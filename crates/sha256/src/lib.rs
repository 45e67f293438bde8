#![doc = include_str!("../README.md")]

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

/// SHA-256 of each of two messages; where [`interleaves`] says so, at the same time: the blocks that both have go
/// through the processor in turn, and the rest of the longer one follows alone.
pub fn digest_pair(messages: [&[u8]; 2]) -> [Digest; 2] {
    #[cfg(target_arch = "x86_64")]
    if let Some(unit) = sha_ni::ShaNi::detect() {
        return unit.digest_pair(messages);
    }
    messages.map(plain)
}

/// Whether two messages together are faster than one after the other on this machine.
pub fn interleaves() -> bool {
    #[cfg(target_arch = "x86_64")]
    return sha_ni::ShaNi::detect().is_some();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

fn plain(message: &[u8]) -> Digest {
    use sha2::Digest as _;
    sha2::Sha256::digest(message).into()
}
