//! What the group of this process, and those around it, may take.

use cache::Tiers;
use capacity::profile::MemoryProfile;

use super::finding::Finding;
use crate::control_groups::Groups;
use crate::host::Host;
use crate::settings::{CacheConfig, ServeConfig};

const MEMORY: &str = "memory limit";
const PROCESSORS: &str = "processor limit";

pub(super) fn check(host: &Host, config: &ServeConfig) -> Vec<Finding> {
    vec![memory(host, config), processors(host, config)]
}

fn memory(host: &Host, config: &ServeConfig) -> Finding {
    let group = Groups::of(host, "memory").and_then(|groups| groups.memory(host));
    let machine = host.read("/proc/meminfo").as_deref().and_then(total);
    let (most, what) = match (group, machine) {
        (Some(group), machine) if machine.is_none_or(|machine| group < machine) => (group, "cgroup"),
        (_, Some(machine)) => (machine, "machine"),
        _ => return Finding::unknown(MEMORY, "neither a cgroup's limit nor /proc/meminfo can be read"),
    };
    let needed = needed(config);
    let found =
        format!("{:.1} GB ({what}); the settings allow for {:.1} GB", most as f64 / 1e9, needed / 1e9);
    if needed <= most as f64 {
        return Finding::ok(MEMORY, found);
    }
    let why =
        "at the largest pictures on all threads, with full cache and bodies, the kernel ends the process";
    Finding::error(
        MEMORY,
        found,
        why,
        "siftd serve with a lower --cache-memory, --max-pixels, --body-budget or --threads, or a higher limit",
    )
}

/// At the most: everything at once.
fn needed(config: &ServeConfig) -> f64 {
    let (tier, queue) = match &config.cache {
        CacheConfig::None => (0, 0),
        CacheConfig::Memory(memory) => (memory.capacity_bytes, 0),
        CacheConfig::Disk { memory, .. } | CacheConfig::Shared { memory, .. } => {
            (memory.capacity_bytes, Tiers::QUEUED_BYTES)
        }
    };
    let (engine, bounds) = (&config.engine, &config.service.bounds);
    let pixels =
        (engine.threads.get() as u64).saturating_mul(engine.limits.max_pixels).min(engine.pixel_budget);
    let MemoryProfile { rest_bytes, bytes_per_pixel, bytes_per_thread, bytes_per_connection } =
        MemoryProfile::FOUND;
    rest_bytes
        + tier as f64
        + queue as f64
        + bounds.body_budget as f64
        + bytes_per_thread * engine.admission().most_threads() as f64
        + bytes_per_pixel * pixels as f64
        + bytes_per_connection * bounds.connections.get() as f64
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// More threads than the quota allows are stopped for parts of each period.
fn processors(host: &Host, config: &ServeConfig) -> Finding {
    let threads = config.engine.threads.get();
    let Some(groups) = Groups::of(host, "cpu") else {
        return Finding::unknown(PROCESSORS, "/proc/self/cgroup cannot be read");
    };
    let Some(quota) = groups.quota(host) else {
        return Finding::ok(PROCESSORS, format!("no quota; {threads} compute threads"));
    };
    let found = format!(
        "a quota of {quota:.2} processors, held back {} times so far; {threads} compute threads",
        groups.throttled(host).unwrap_or(0)
    );
    if threads as f64 <= quota.ceil() {
        return Finding::ok(PROCESSORS, found);
    }
    let why = "all threads, those that answer hits too, are stopped for parts of each period";
    Finding::warning(
        PROCESSORS,
        found,
        why,
        format!("siftd serve --threads {:.0} (or a higher quota)", quota.ceil()),
    )
}
