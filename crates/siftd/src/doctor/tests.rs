//! Checks of hosts that are folders: files as kernels write them.

use std::fs;

use tempfile::TempDir;

use super::finding::Severity;
use super::*;

/// A host with these files.
fn host(files: &[(&str, &str)]) -> (TempDir, Host) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let host = Host::below(folder.path());
    (folder, host)
}

fn config() -> ServeConfig {
    config_of([])
}

fn config_of<const N: usize>(variables: [(&str, &str); N]) -> ServeConfig {
    let environment = variables.into_iter().collect::<Environment>();
    settings::load(&ServeArguments::default(), &environment).unwrap().config
}

fn limits(soft: &str, hard: &str) -> String {
    format!(
        "Limit  Soft Limit  Hard Limit  Units\nMax open files            {soft}     {hard}     files     \n"
    )
}

#[test]
fn connections_need_open_files() {
    let check = |soft, hard| {
        let (_folder, host) = host(&[("/proc/self/limits", &limits(soft, hard))]);
        open_files::check(&host, 1024)
    };
    assert_eq!(check("65536", "65536").severity, Severity::Ok);
    assert_eq!(check("unlimited", "unlimited").severity, Severity::Ok);
    let close = check("1024", "524288");
    assert_eq!(
        (close.severity, close.command.as_deref()),
        (Severity::Warning, Some("ulimit -n 1280 (systemd: LimitNOFILE=1280)"))
    );
    let few = check("256", "256");
    assert_eq!(few.severity, Severity::Error);
    assert!(few.command.unwrap().contains("prlimit"));
}

#[test]
fn the_queue_of_connections_is_not_cut() {
    let severity = |most| somaxconn::check(&host(&[("/proc/sys/net/core/somaxconn", most)]).1).severity;
    assert_eq!((severity("4096\n"), severity("128\n")), (Severity::Ok, Severity::Warning));
    assert_eq!(somaxconn::check(&host(&[]).1).severity, Severity::Unknown);
}

#[test]
fn swap_matters_where_there_is_some() {
    let head = "Filename Type Size Used Priority\n";
    let some = format!("{head}/swap.img file 2097148 0 -2\n");
    let severity = |swaps: &str, swappiness| {
        swap::check(&host(&[("/proc/swaps", swaps), ("/proc/sys/vm/swappiness", swappiness)]).1).severity
    };
    assert_eq!(severity(head, "60"), Severity::Ok);
    assert_eq!(severity(&some, "10"), Severity::Ok);
    assert_eq!(severity(&some, "60"), Severity::Warning);
}

#[test]
fn settings_must_fit_the_group() {
    let check = |files: &[(&str, &str)]| cgroup::check(&host(files).1, &config());
    let group = ("/proc/self/cgroup", "0::/system.slice/siftd.service\n");
    let path = "/sys/fs/cgroup/system.slice/siftd.service";
    let [memory, cpu] = [format!("{path}/memory.max"), format!("{path}/cpu.max")];
    let meminfo = ("/proc/meminfo", "MemTotal:       16384000 kB\n");
    let severities = |files: &[(&str, &str)]| -> Vec<Severity> {
        check(files).into_iter().map(|finding| finding.severity).collect()
    };
    assert_eq!(severities(&[group, meminfo, (&memory, "max\n")]), [Severity::Ok, Severity::Ok]);
    assert_eq!(severities(&[group, meminfo, (&memory, "536870912\n")])[0], Severity::Error);
    assert_eq!(severities(&[group, meminfo, (&cpu, "max 100000\n")])[1], Severity::Ok);
    let half = check(&[group, meminfo, (&cpu, "50000 100000\n")]).remove(1);
    let threads = config().engine.threads.get();
    let expected = if threads > 1 { Severity::Warning } else { Severity::Ok };
    assert_eq!(half.severity, expected, "{threads} threads");
    // What holds for the group around it holds for it, too.
    let around = ("/sys/fs/cgroup/system.slice/memory.max", "536870912\n");
    assert_eq!(severities(&[group, meminfo, around, (&memory, "max\n")])[0], Severity::Error);
    let version_1 = ("/proc/self/cgroup", "4:cpu,cpuacct:/a\n3:memory:/a\n0::/\n");
    let unbounded = ("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    assert_eq!(severities(&[version_1, meminfo, unbounded]), [Severity::Ok, Severity::Ok]);
    let little = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
    let [time, period] = [("quota", "50000\n"), ("period", "100000\n")]
        .map(|(name, value)| (format!("/sys/fs/cgroup/cpu/a/cpu.cfs_{name}_us"), value));
    let bounded = [version_1, meminfo, unbounded, little, (&time.0, time.1), (&period.0, period.1)];
    assert_eq!(severities(&bounded), [Severity::Error, expected]);
    // A container's own group is the root of what it sees.
    let in_container = [("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "536870912\n")];
    assert_eq!(severities(&in_container)[0], Severity::Error);
}

#[test]
fn all_that_works_at_a_time_is_counted() {
    let told = |variables| {
        let (_folder, host) = host(&[("/proc/self/cgroup", "0::/\n"), ("/sys/fs/cgroup/memory.max", "1\n")]);
        cgroup::check(&host, &config_of(variables)).remove(0).found
    };
    // 61 threads with 25 MB, 100 megapixels with 13 bytes, 268 MB of bodies and of the memory tier; then 67 MB that wait for a disk.
    let alone = told([("SIFTD_THREADS", "16"), ("SIFTD_CACHE", "memory://")]);
    assert_eq!(alone, "0.0 GB (cgroup); the settings allow for 3.4 GB");
    let before_a_disk = told([("SIFTD_THREADS", "16"), ("SIFTD_CACHE", "disk:///cache")]);
    assert_eq!(before_a_disk, "0.0 GB (cgroup); the settings allow for 3.5 GB");
}

#[test]
fn huge_pages_are_not_for_all() {
    let severity =
        |text| huge_pages::check(&host(&[("/sys/kernel/mm/transparent_hugepage/enabled", text)]).1).severity;
    assert_eq!(severity("always [madvise] never\n"), Severity::Ok);
    assert_eq!(severity("[always] madvise never\n"), Severity::Warning);
}

#[test]
fn a_clock_that_is_synchronised_is_told_so() {
    let synchronised = host(&[("/run/systemd/timesync/synchronized", "")]);
    assert_eq!(clock::check(&synchronised.1).severity, Severity::Ok);
}

#[test]
fn time_that_the_host_takes_is_told() {
    let severity = |stat| stolen::check(&host(&[("/proc/stat", stat)]).1).severity;
    assert_eq!(severity("cpu  900 0 90 5000 0 0 0 10 0 0\ncpu0 900\n"), Severity::Ok);
    assert_eq!(severity("cpu  900 0 90 5000 0 0 0 100 0 0\ncpu0 900\n"), Severity::Warning);
    assert_eq!(severity("what"), Severity::Unknown);
}

#[test]
fn the_cache_must_fit_its_disk() {
    let folder = tempfile::tempdir().unwrap();
    let severity = |capacity| disk::check(&folder.path().join("not/yet"), capacity)[0].severity;
    assert_eq!(severity(1 << 20), Severity::Ok);
    assert_eq!(severity(u64::MAX), Severity::Warning);
}

#[test]
fn json_has_the_worst_first() {
    let findings = [Finding::ok("a", "b"), Finding::error("c", "d", "e", "f")];
    let json = serde_json::to_value(report::Report::new(&findings)).unwrap();
    assert_eq!((&json["schema"], &json["severity"]), (&"siftd-doctor/1".into(), &"error".into()));
    assert_eq!(json["findings"][1]["command"], "f");
    assert_eq!(json["findings"][0].get("command"), None);
    assert_eq!(report::text(&findings), "ok       a: b\nERROR    c: d\n         e\n         mend it: f\n");
}
