//! `siftd cache-bench` at real servers: what it measures is held to what is known of them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::running::{Ran, files, run, siftd};
use crate::servers::{MemcachedServer, PostgresServer, RedisCluster, RedisServer};

/// What a test has time for.
const BRIEF: [&str; 10] =
    ["--bytes", "1MB", "--window", "20ms", "--callers", "1,2", "--scale", "1,3", "--marks", "20"];
const SIZES: [u64; 2] = [16_000, 150_000];

const APPENDING: [&str; 2] = ["--appendonly", "yes"];

fn url(server: &RedisServer) -> String {
    format!("redis://127.0.0.1:{}", server.port)
}

/// Measures caches, and gives what came of each by its name.
fn measured(folder: &Path, urls: &[&str], more: &[&str]) -> (Ran, Vec<Value>) {
    let caches = urls.iter().flat_map(|url| ["--cache", url]);
    let arguments: Vec<&str> = ["cache-bench", "--json", "-"]
        .into_iter()
        .chain(BRIEF)
        .chain(caches)
        .chain(more.iter().copied())
        .collect();
    let ran = run(folder, &arguments);
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    assert_eq!(report["schema"], "siftd-cache-bench/1");
    let caches = report["caches"].as_array().unwrap().clone();
    (ran, caches)
}

fn names(caches: &[Value]) -> Vec<&str> {
    caches.iter().map(|cache| cache["name"].as_str().unwrap()).collect()
}

/// Marks found: written early, and late.
fn found(cache: &Value, killed: &str) -> [u64; 2] {
    let kept = &cache["persistence"][killed];
    ["early", "late"].map(|moment| {
        assert_eq!(kept[moment]["written"], 10, "{cache}");
        kept[moment]["found"].as_u64().unwrap()
    })
}

/// Bytes of an entry of each size.
fn bytes(cache: &Value) -> [f64; 2] {
    let footprints = cache["footprints"].as_array().unwrap();
    assert_eq!(footprints.iter().map(|one| one["value_bytes"].as_u64().unwrap()).collect::<Vec<_>>(), SIZES);
    [0, 1].map(|size| footprints[size]["bytes_per_entry"].as_f64().unwrap())
}

#[test]
fn all_kinds_are_measured_and_left_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let redis = RedisServer::start(&APPENDING);
    let (memcached, postgres) = (MemcachedServer::start(&[]), PostgresServer::start(&[]));
    let disk = format!("disk://{}/disk", folder.path().display());
    // Somebody's own, where entries go meanwhile.
    let theirs = folder.path().join("disk/cache-bench/results.json");
    fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    fs::write(&theirs, "mine").unwrap();
    let urls = [
        "memory://",
        &disk,
        &url(&redis),
        &format!("memcached://{}", memcached.address()),
        &postgres.url("siftd"),
    ];
    let files_to_write = ["--markdown", "m.md", "--report", "r.html", "--picture", "p.svg"];
    let (ran, caches) = measured(folder.path(), &urls, &files_to_write);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(names(&caches), ["memory", "memory + disk", "Redis", "memcached", "PostgreSQL"]);
    for cache in &caches {
        let measurements = cache["measurements"].as_array().unwrap();
        assert_eq!(measurements.len(), 5 * 2, "{cache}");
        for measurement in measurements {
            assert!(measurement["done"].as_u64().unwrap() > 0, "{measurement}");
            assert_eq!((&measurement["misses"], measurement["errors"].to_string()), (&0.into(), "{}".into()));
            let at = |name: &str| measurement["latency"][name].as_f64().unwrap();
            let times = ["p50_us", "p90_us", "p99_us", "max_us"].map(at);
            assert!(times.is_sorted() && times[0] > 0.0, "{measurement}");
        }
        let callers = cache["scale"].as_array().unwrap().iter().map(|rate| rate["callers"].as_u64().unwrap());
        assert_eq!(callers.collect::<Vec<_>>(), [1, 3]);
        for (bytes, size) in bytes(cache).into_iter().zip(SIZES) {
            let size = size as f64;
            assert!(bytes >= size && bytes < 1.5 * size, "{bytes} bytes for {size}: {cache}");
        }
        // A client that is killed takes nothing with it that it does not keep itself.
        let kept = if cache["name"] == "memory" { 0 } else { 10 };
        assert_eq!(found(cache, "siftd_killed"), [kept; 2], "{cache}");
        assert_eq!(cache["notes"], Value::Array(Vec::new()));
    }
    let left: Vec<_> =
        fs::read_dir(theirs.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [theirs]);
    assert_eq!(caches[0]["persistence"]["server_killed"], caches[0]["persistence"]["siftd_killed"]);
    assert_eq!(caches[2]["persistence"]["server_killed"], Value::Null);
    let processes: Vec<_> = caches.iter().map(|cache| cache["processes_to_run"].as_u64()).collect();
    assert_eq!(processes, [Some(0), Some(0), Some(1), Some(1), Some(1)]);
    let sharing: Vec<_> = caches.iter().map(|cache| cache["processes_that_share"].as_u64()).collect();
    // PostgreSQL: 97 of its 100 connections are for all, and siftd has four; to the other servers it has two.
    assert_eq!(sharing, [Some(1), Some(1), Some(5_000), Some(512), Some(24)]);
    for (cache, name) in caches[2..].iter().zip(["Redis ", "memcached 1.", "PostgreSQL "]) {
        assert!(cache["server"]["version"].as_str().unwrap().starts_with(name), "{cache}");
    }

    assert_eq!(redis.ask::<u64>(&[b"DBSIZE"]).unwrap(), 0);
    assert_eq!(memcached.statistic("curr_items"), 0);
    assert_eq!(files(folder.path()), ["disk/cache-bench/results.json", "m.md", "p.svg", "r.html"]);
    let text = fs::read_to_string(folder.path().join("m.md")).unwrap();
    assert!(text.contains("| processes to run beside siftd | 0 | 0 | 1 | 1 | 1 |"), "{text}");
    assert!(fs::read_to_string(folder.path().join("p.svg")).unwrap().starts_with("<svg xmlns="));
}

#[test]
fn a_cluster_keeps_each_entry_twice() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = RedisCluster::start();
    let hosts: Vec<String> = cluster.nodes[..3].iter().map(|node| node.address().to_string()).collect();
    let (ran, caches) = measured(folder.path(), &[&format!("redis-cluster://{}", hosts.join(","))], &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(caches[0]["processes_to_run"], 6);
    for (bytes, size) in bytes(&caches[0]).into_iter().zip(SIZES) {
        let size = 2.0 * size as f64;
        assert!(bytes >= size && bytes < 1.5 * size, "{bytes} bytes for {size}");
    }
    assert_eq!(found(&caches[0], "siftd_killed"), [10; 2]);
}

#[test]
fn what_a_user_may_not_ask_is_noted_and_the_rest_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let redis = RedisServer::start(&[]);
    // As deploy/redis recommends it.
    let user =
        "ACL SETUSER siftd on >secret resetkeys ~siftd:* -@all +get +getrange +set +unlink +select +ping";
    redis.ask::<()>(&user.split(' ').map(str::as_bytes).collect::<Vec<_>>()).unwrap();
    let (ran, caches) = measured(folder.path(), &[&format!("redis://siftd:secret@{}", redis.address())], &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let notes: Vec<_> = caches[0]["notes"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert!(notes.len() == 2 && notes.iter().all(|note| note.contains("has no permissions")), "{notes:?}");
    assert_eq!((&caches[0]["server"], &caches[0]["processes_to_run"]), (&Value::Null, &Value::Null));
    assert_eq!(caches[0]["footprints"], Value::Array(Vec::new()));
    assert_eq!(caches[0]["measurements"].as_array().unwrap().len(), 10);
    assert_eq!(found(&caches[0], "siftd_killed"), [10; 2]);
}

/// A process that has written marks, and stays.
fn marking(folder: &Path, urls: &[&str]) -> Child {
    let caches = urls.iter().flat_map(|url| ["--cache", url]);
    let arguments: Vec<&str> =
        ["cache-bench", "--marks", "20", "--leave-marks", "marks.json"].into_iter().chain(caches).collect();
    let mut child = siftd(folder, &arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("marks are written, as marks.json says: kill this process ("), "{line}");
    child
}

#[test]
fn marks_tell_what_survives_that_everything_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut redis, mut memcached) = (RedisServer::start(&APPENDING), MemcachedServer::start(&[]));
    let disk = format!("disk://{}/disk", folder.path().display());
    let memcached_url = format!("memcached://{}", memcached.address());
    let urls = ["memory://", &disk, &url(&redis), &memcached_url];
    let mut process = marking(folder.path(), &urls);
    process.kill().unwrap();
    process.wait().unwrap();
    redis.process.kill();
    memcached.process.kill();
    redis.restart();
    memcached.process.restart();
    let (ran, caches) = measured(folder.path(), &urls, &["--count-marks", "marks.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let [memory, disk, redis, memcached] = &caches[..] else { panic!("{caches:?}") };
    assert_eq!(found(memory, "server_killed"), [0, 0]);
    assert_eq!(found(disk, "server_killed"), [10, 10]);
    // Redis appends before it answers, but while the disk is busy: the late ones may go, the early ones may not.
    assert_eq!(found(redis, "server_killed")[0], 10);
    assert_eq!(found(memcached, "server_killed"), [0, 0]);
    assert_eq!(found(memcached, "siftd_killed"), [10, 10]);
}

#[test]
fn a_server_that_is_not_there_is_named_and_the_others_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let (ran, caches) = measured(folder.path(), &["redis://:hunter2@127.0.0.1:1", "memory://"], &[]);
    assert_eq!(ran.code, Some(1));
    let told = "siftd: redis://:…@127.0.0.1:1: 127.0.0.1:1: ";
    assert!(ran.stderr.starts_with(told) && !ran.stderr.contains("hunter2"), "{}", ran.stderr);
    assert!(caches[0]["error"].as_str().unwrap().starts_with("127.0.0.1:1: "), "{}", caches[0]);
    assert!(!caches[0].to_string().contains("hunter2"));
    assert_eq!(caches[0]["measurements"], Value::Array(Vec::new()));
    assert_eq!(
        (&caches[1]["error"], caches[1]["measurements"].as_array().unwrap().len()),
        (&Value::Null, 10)
    );
}

#[test]
fn what_cannot_be_measured_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("marks.json"), "{}").unwrap();
    for (arguments, expected) in [
        (&[][..], "--cache <URL>"),
        (&["--cache", "none:"], "must be memory://, disk:///absolute/path, redis://"),
        (&["--cache", "ftp://host"], "must be memory://"),
        (&["--cache", "memory://", "--bytes", "100kB"], "must be 150kB to 64GiB"),
        (&["--cache", "memory://", "--callers", "0"], "must be a whole number from 1 to 1024"),
        (&["--cache", "memory://", "--marks", "1"], "1 is not in 2..=100000"),
        (&["--cache", "memory://", "--count-marks", "none.json"], "none.json: No such file"),
        (&["--cache", "memory://", "--count-marks", "marks.json"], "marks.json: missing field `schema`"),
        (&["--cache", "memory://", "--leave-marks", "a", "--json", "b"], "cannot be used with"),
    ] {
        let ran = run(folder.path(), &[&["cache-bench"], arguments].concat());
        assert_eq!(
            (ran.code, ran.stdout.as_slice()),
            (Some(2), b"".as_slice()),
            "{arguments:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(expected), "{arguments:?}: {}", ran.stderr);
    }
}
