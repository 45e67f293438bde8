//! A zip archive of uncompressed files (APPNOTE.TXT 6.3.10, sections 4.3 and 4.4).
//!
//! Sizes and checksums stand in front of the data, not behind: readers that go through the archive once need them there
//! (cnpy, Java's `ZipInputStream`), and the libraries that write to a stream put them behind.

use std::io::{self, Write};

const LOCAL_HEADER: [u8; 4] = *b"PK\x03\x04";
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";
const END_OF_DIRECTORY: [u8; 4] = *b"PK\x05\x06";
/// 1.0: nothing but stored files.
const VERSION: u16 = 10;
/// 1980-01-01, the first day that zip knows.
const DATE: u16 = 0x21;

pub(super) struct ZipWriter<W> {
    out: W,
    offset: u64,
    directory: Vec<u8>,
    files: u16,
}

impl<W: Write> ZipWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, offset: 0, directory: Vec::new(), files: 0 }
    }

    /// Adds a file, given in two parts.
    pub(super) fn file(&mut self, name: &str, parts: [&[u8]; 2]) -> io::Result<()> {
        let mut checksum = crc32fast::Hasher::new();
        parts.iter().for_each(|part| checksum.update(part));
        let size = u32_size(parts.iter().map(|part| part.len() as u64).sum())?;
        let offset = u32_size(self.offset)?;
        let description = describe(name, checksum.finalize(), size);

        self.write(&[LOCAL_HEADER.as_slice(), &description, name.as_bytes()].concat())?;
        parts.iter().try_for_each(|part| self.write(part))?;

        self.directory.extend(DIRECTORY_ENTRY);
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(description);
        // Comment length, disk and attributes: none.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.files += 1;
        Ok(())
    }

    /// Writes the directory.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let mut end = std::mem::take(&mut self.directory);
        let length = u32_size(end.len() as u64)?;
        end.extend(END_OF_DIRECTORY);
        // Disk numbers: a single one.
        end.extend([0; 4]);
        end.extend([self.files.to_le_bytes(), self.files.to_le_bytes()].as_flattened());
        end.extend(length.to_le_bytes());
        end.extend(u32_size(self.offset)?.to_le_bytes());
        // Length of the comment.
        end.extend([0; 2]);
        self.write(&end)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.offset += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// The fields that local header and directory entry share, from "version needed" to "extra field length".
fn describe(name: &str, checksum: u32, size: u32) -> [u8; 26] {
    let mut fields = [0; 26];
    let mut put = |at: usize, field: &[u8]| fields[at..at + field.len()].copy_from_slice(field);
    put(0, &VERSION.to_le_bytes());
    put(8, &DATE.to_le_bytes());
    put(10, &checksum.to_le_bytes());
    // Compressed and uncompressed.
    put(14, &size.to_le_bytes());
    put(18, &size.to_le_bytes());
    put(22, &(name.len() as u16).to_le_bytes());
    fields
}

/// Zip without its 64-bit extension, which 8 million RootSIFT keypoints would need.
fn u32_size(size: u64) -> io::Result<u32> {
    u32::try_from(size).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, "the npz would be larger than 4 GiB, its limit")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_gibibytes_are_refused_rather_than_wrapped() {
        assert_eq!(u32_size(u64::from(u32::MAX)).unwrap(), u32::MAX);
        assert_eq!(u32_size(1 << 32).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
