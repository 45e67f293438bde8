//! Control groups, which bound what a process and those beside it may take (cgroups(7)).

use std::path::{Path, PathBuf};

use crate::host::Host;

/// Versions of control groups, which name their files differently.
#[derive(Debug, Clone, Copy)]
enum Version {
    One,
    Two,
}

/// The folders of the groups that bound a resource of the process: its own, and those around it.
pub(crate) struct Groups {
    version: Version,
    folders: Vec<PathBuf>,
}

impl Groups {
    pub(crate) fn of(host: &Host, controller: &str) -> Option<Self> {
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

    /// Bytes of memory that the processes of all of them may take.
    pub(crate) fn memory(&self, host: &Host) -> Option<u64> {
        let file = match self.version {
            Version::One => "memory.limit_in_bytes",
            Version::Two => "memory.max",
        };
        self.read(host, file).filter_map(|limit| limit.parse().ok()).min()
    }

    /// Processors.
    pub(crate) fn quota(&self, host: &Host) -> Option<f64> {
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
    pub(crate) fn throttled(&self, host: &Host) -> Option<u64> {
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
