//! Where the cache keeps what it keeps, as a URL.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What a cache URL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CacheUrl {
    /// `none:`: nothing is kept.
    None,
    /// `memory://`: the memory of the process.
    Memory,
    /// `disk:///folder`: a folder, with memory in front. The path is taken as it is, nothing in it is decoded.
    Disk(String),
}

/// A text that is no URL of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownCache;

impl CacheUrl {
    /// The URLs that there are, in words.
    pub(crate) const ALLOWED: &str = "memory://, disk:///absolute/path or none:";

    /// The folder of a disk.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Disk(path) => Some(path.into()),
            Self::None | Self::Memory => None,
        }
    }
}

impl FromStr for CacheUrl {
    type Err = UnknownCache;

    fn from_str(url: &str) -> Result<Self, UnknownCache> {
        match url {
            "none:" => Ok(Self::None),
            "memory://" => Ok(Self::Memory),
            _ => {
                let path = url.strip_prefix("disk://").filter(|path| path.starts_with('/') && path.len() > 1);
                path.map(|path| Self::Disk(path.to_owned())).ok_or(UnknownCache)
            }
        }
    }
}

impl fmt::Display for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none:"),
            Self::Memory => f.write_str("memory://"),
            Self::Disk(path) => write!(f, "disk://{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_back() {
        for url in ["none:", "memory://", "disk:///var/cache/siftd", "disk:///with space/é%20"] {
            assert_eq!(url.parse::<CacheUrl>().unwrap().to_string(), url);
        }
        for url in ["", "memory", "memory://x", "disk://", "disk:///", "disk://relative", "redis://host"] {
            assert_eq!(url.parse::<CacheUrl>(), Err(UnknownCache), "{url}");
        }
    }
}
