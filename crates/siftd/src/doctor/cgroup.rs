//! What the group of this process, and those around it, may take.

use std::path::{Path, PathBuf};

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

/// Versions of control groups, which name their files differently.
#[derive(Debug, Clone, Copy)]
enum Version {
    One,
    Two,
}

/// The folders of the groups that bound a resource of the process: its own, and those around it.
struct Groups {
    version: Version,
    folders: Vec<PathBuf>,
}

impl Groups {
    fn of(host: &Host, controller: &str) -> Option<Self> {
        let groups = host.read("/proc/self/cgroup")?;
        let lines = groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
        let has = |names: &str| names.split(',').any(|name| name == controller);
        let (version, root, path) = match lines.clone().find(|(names, _)| has(names)) {
            Some((_, path)) => (Version::One, Path::new("/sys/fs/cgroup").join(controller), path),
            None => {
                let (_, path) = lines.clone().find(|(names, _)| names.is_empty())?;
                (Version::Two, PathBuf::from("/sys/fs/cgroup"), path)
            }
        };
        // In a container its own group is seen as the root.
        let folders =
            Path::new(path).ancestors().map(|group| root.join(group.strip_prefix("/").unwrap_or(group)));
        Some(Self { version, folders: folders.collect() })
    }

    /// What a file of each says, the innermost first: of those that have it.
    fn read<'a>(&'a self, host: &'a Host, file: &'a str) -> impl Iterator<Item = String> + 'a {
        self.folders.iter().filter_map(move |folder| host.read(&folder.join(file).to_string_lossy()))
    }

    /// Bytes of memory.
    fn memory(&self, host: &Host) -> Option<u64> {
        let file = match self.version {
            Version::One => "memory.limit_in_bytes",
            Version::Two => "memory.max",
        };
        self.read(host, file).filter_map(|limit| limit.parse().ok()).min()
    }

    /// Processors.
    fn quota(&self, host: &Host) -> Option<f64> {
        let quotas: Vec<f64> = match self.version {
            Version::One => {
                let number = |folder: &Path, name: &str| host.read(&folder.join(name).to_string_lossy());
                let quotas = self.folders.iter().filter_map(|folder| {
                    quota(&number(folder, "cpu.cfs_quota_us")?, &number(folder, "cpu.cfs_period_us")?)
                });
                quotas.collect()
            }
            Version::Two => self
                .read(host, "cpu.max")
                .filter_map(|max| max.split_once(' ').and_then(|(time, period)| quota(time, period)))
                .collect(),
        };
        quotas.into_iter().min_by(f64::total_cmp)
    }

    /// How often the process was held back.
    fn throttled(&self, host: &Host) -> Option<u64> {
        self.read(host, "cpu.stat").find_map(|stat| {
            stat.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.parse::<u64>().ok())
        })
    }
}

/// The time in each period that a group may take; none where it is not bounded, -1 or `max`.
fn quota(time: &str, period: &str) -> Option<f64> {
    let (time, period): (f64, f64) = (time.parse().ok()?, period.parse().ok()?);
    (time > 0.0 && period > 0.0).then(|| time / period)
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
        "siftd serve with a lower --cache-memory, --max-pixels, --body-budget or --threads, or a higher limit",
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
