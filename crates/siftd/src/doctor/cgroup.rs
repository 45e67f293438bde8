//! What the group of this process may take (control groups, version 2).

use super::finding::Finding;
use super::host::Host;
use crate::settings::{CacheConfig, ServeConfig};

const MEMORY: &str = "memory limit";
const PROCESSORS: &str = "processor limit";

/// Measured, docs/serving.md: of the process, of each compute thread, of each pixel that is being computed.
const REST_BYTES: u64 = 10_000_000;
const THREAD_BYTES: u64 = 40_000_000;
const PIXEL_BYTES: u64 = 14;

pub(super) fn check(host: &Host, config: &ServeConfig) -> Vec<Finding> {
    vec![memory(host, config), processors(host, config)]
}

/// A file of the process's group, or, in a container that sees its own as the root, of that.
fn of_group(host: &Host, file: &str) -> Option<String> {
    let groups = host.read("/proc/self/cgroup")?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let own = format!("/sys/fs/cgroup{}/{file}", path.trim_end_matches('/'));
    host.read(&own).or_else(|| host.read(&format!("/sys/fs/cgroup/{file}")))
}

fn memory(host: &Host, config: &ServeConfig) -> Finding {
    let group = of_group(host, "memory.max").and_then(|limit| limit.parse::<u64>().ok());
    let machine = host.read("/proc/meminfo").as_deref().and_then(total);
    let (most, what) = match (group, machine) {
        (Some(group), machine) if machine.is_none_or(|machine| group < machine) => (group, "cgroup"),
        (_, Some(machine)) => (machine, "machine"),
        _ => return Finding::unknown(MEMORY, "neither a cgroup's limit nor /proc/meminfo can be read"),
    };
    let needed = needed(config);
    let found =
        format!("{:.1} GB ({what}); the settings allow for {:.1} GB", most as f64 / 1e9, needed as f64 / 1e9);
    if needed <= most {
        return Finding::ok(MEMORY, found);
    }
    let why =
        "at the largest pictures on all threads, with full cache and bodies, the kernel ends the process";
    Finding::error(
        MEMORY,
        found,
        why,
        "lower cache_memory, max_pixels, body_budget or threads, or raise the limit",
    )
}

/// At the most: everything at once.
fn needed(config: &ServeConfig) -> u64 {
    let cache = match &config.cache {
        CacheConfig::None => 0,
        CacheConfig::Memory(memory)
        | CacheConfig::Disk { memory, .. }
        | CacheConfig::Shared { memory, .. } => memory.capacity_bytes,
    };
    let threads = config.engine.threads.get() as u64;
    let pixels = threads.saturating_mul(config.engine.limits.max_pixels).min(config.engine.pixel_budget);
    [cache, config.service.bounds.body_budget, threads * THREAD_BYTES, pixels.saturating_mul(PIXEL_BYTES)]
        .into_iter()
        .fold(REST_BYTES, u64::saturating_add)
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// More threads than the quota allows are stopped for parts of each period.
fn processors(host: &Host, config: &ServeConfig) -> Finding {
    let threads = config.engine.threads.get();
    let Some(quota) = of_group(host, "cpu.max").as_deref().and_then(quota) else {
        return Finding::ok(PROCESSORS, format!("no quota; {threads} compute threads"));
    };
    let throttled = of_group(host, "cpu.stat").and_then(|stat| {
        stat.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.parse::<u64>().ok())
    });
    let found = format!(
        "a quota of {quota:.2} processors, held back {} times so far; {threads} compute threads",
        throttled.unwrap_or(0)
    );
    if threads as f64 <= quota.ceil() {
        return Finding::ok(PROCESSORS, found);
    }
    let why = "all threads, those that answer hits too, are stopped for parts of each period";
    Finding::warning(PROCESSORS, found, why, format!("set threads = {:.0}, or raise the quota", quota.ceil()))
}

/// `cpu.max`: the time in each period that the group may take, or `max`.
fn quota(text: &str) -> Option<f64> {
    let (time, period) = text.split_once(' ')?;
    let (time, period): (f64, f64) = (time.parse().ok()?, period.parse().ok()?);
    (period > 0.0).then(|| time / period)
}
