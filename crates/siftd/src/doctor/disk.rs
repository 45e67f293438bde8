//! The folder of a disk cache.

use std::path::Path;

use rustix::fs::{Access, StatVfs, access, statfs, statvfs};

use super::finding::Finding;
use crate::settings::LEAST_CACHE_DISK;

const CHECK: &str = "cache folder";
/// Of `statfs`(2): systems that lose what they hold, or have it elsewhere.
const TEMPORARY: [i64; 2] = [0x0102_1994, 0x8584_58f6];
const REMOTE: [i64; 3] = [0x6969, 0xff53_4d42, 0x517b];
/// A file an entry: some kilobytes each at the least.
const BYTES_OF_ENTRY: u64 = 16 << 10;

pub(super) fn check(folder: &Path, capacity: u64) -> Vec<Finding> {
    let shown = folder.display();
    if let Some(file) = folder.ancestors().find(|path| path.exists() && !path.is_dir()) {
        let why = "the service does not start";
        let command = format!("rm {} (if nothing needs it), or name another folder", file.display());
        return vec![Finding::error(CHECK, format!("{}: is no folder", file.display()), why, command)];
    }
    // What does not exist yet is made by the service, where the nearest folder that exists can be written to.
    let Some(existing) = folder.ancestors().find(|folder| folder.is_dir()) else {
        return vec![Finding::unknown(CHECK, format!("{shown}: nothing of this path exists"))];
    };
    if let Err(error) = access(existing, Access::WRITE_OK | Access::EXEC_OK) {
        let why = "the service cannot keep anything there, and does not start";
        let command = format!("install -d -o <user of the service> {shown}");
        return vec![Finding::error(CHECK, format!("{shown}: {error}"), why, command)];
    }
    let mut findings = Vec::new();
    match statvfs(existing) {
        Ok(stat) => findings.push(room(folder, &stat, capacity)),
        Err(error) => findings.push(Finding::unknown(CHECK, format!("{shown}: {error}"))),
    }
    findings.extend(system(folder, existing));
    findings
}

fn room(folder: &Path, stat: &StatVfs, capacity: u64) -> Finding {
    let free = stat.f_bavail.saturating_mul(stat.f_frsize).saturating_add(taken(folder));
    let found = format!(
        "{}: {:.1} GB for entries, of which the cache may take {:.1} GB",
        folder.display(),
        free as f64 / 1e9,
        capacity as f64 / 1e9
    );
    if free < capacity {
        let why =
            "the disk fills before the cache evicts: writes fail, and are counted, until others make room";
        let command = match free / 10 * 9 {
            room if room >= LEAST_CACHE_DISK => format!("siftd serve --cache-disk {room}"),
            _ => "siftd serve --cache disk:///FOLDER/ELSEWHERE".to_owned(),
        };
        return Finding::warning(CHECK, found, why, command);
    }
    let entries = capacity / BYTES_OF_ENTRY;
    // Where there are no inodes to count, there is no limit of them.
    if stat.f_files > 0 && stat.f_favail < entries {
        let why =
            format!("small entries, up to {entries} of them, run out of the {} free inodes", stat.f_favail);
        return Finding::warning(
            CHECK,
            found,
            why,
            "mkfs.xfs on its device (or mkfs.ext4 -N with as many inodes), or siftd serve with a lower --cache-disk",
        );
    }
    Finding::ok(CHECK, found)
}

/// What the cache has there already, in files of the folder and of those below it.
fn taken(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    files.filter_map(|file| file.metadata().ok()).filter(|file| file.is_file()).map(|file| file.len()).sum()
}

fn system(folder: &Path, existing: &Path) -> Option<Finding> {
    let kind = statfs(existing).ok()?.f_type;
    let (why, found) = if TEMPORARY.contains(&kind) {
        (
            "it is memory: it is lost with the host, and taken from what siftd computes in",
            "a file system in memory",
        )
    } else if REMOTE.contains(&kind) {
        ("each hit waits for the network, and locks may not hold", "a file system on the network")
    } else {
        return None;
    };
    let found = format!("{}: {found}", folder.display());
    Some(Finding::warning(
        CHECK,
        found,
        why,
        "siftd serve --cache disk:///var/cache/siftd (or another folder on a local disk)",
    ))
}
