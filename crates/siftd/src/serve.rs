//! `siftd serve`: the service.

use crate::settings::{CacheConfig, ServeConfig};

/// Runs the service until it is told to end; `Err` where it cannot start.
pub(crate) fn run(config: ServeConfig) -> Result<(), String> {
    let ServeConfig { service, engine, cache } = config;
    let cache = match cache {
        CacheConfig::None => "no cache".to_owned(),
        CacheConfig::Memory(memory) => format!("{} bytes of cache", memory.capacity_bytes),
        CacheConfig::Disk { memory, disk } => {
            format!("{} bytes of cache before {}", memory.capacity_bytes, disk.folder.display())
        }
    };
    Err(format!(
        "serving on {} with {} threads and {cache} is not wired to this command",
        service.listen, engine.threads
    ))
}
