//! How a message ends (FIPS 180-4, 5.1.1): a one bit, zeros, and its length in bits.
#![cfg(target_arch = "x86_64")]

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// The last one or two blocks of a message: what is left of it after its whole blocks, and the padding.
pub(crate) struct Tail {
    bytes: [u8; 2 * BLOCK],
    len: usize,
}

impl Tail {
    /// The whole blocks of a message, and how it ends.
    pub(crate) fn split(message: &[u8]) -> (&[u8], Self) {
        let (whole, rest) = message.split_at(message.len() - message.len() % BLOCK);
        let len = if rest.len() + 9 <= BLOCK { BLOCK } else { 2 * BLOCK };
        let mut bytes = [0; 2 * BLOCK];
        bytes[..rest.len()].copy_from_slice(rest);
        bytes[rest.len()] = 0x80;
        bytes[len - 8..len].copy_from_slice(&(8 * message.len() as u64).to_be_bytes());
        (whole, Self { bytes, len })
    }

    /// Its blocks.
    pub(crate) fn blocks(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
