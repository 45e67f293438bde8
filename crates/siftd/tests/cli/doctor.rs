//! `siftd doctor` at real servers, and its exit codes.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::running::{run, siftd};
use crate::servers::{PostgresServer, free_port};

/// A server that ends with the value.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts a program of the Debian package of its name, and waits until it listens.
    fn start(program: &str, arguments: impl Fn(&str) -> Vec<String>) -> Self {
        let port = free_port();
        let mut command = Command::new(program);
        command.args(arguments(&port.to_string())).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child
            .unwrap_or_else(|error| panic!("cannot start {program}: {error}; apt-get install {program}"));
        let server = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "{program} does not listen");
            thread::sleep(Duration::from_millis(10));
        }
        server
    }

    fn redis(folder: &Path, options: &[&str]) -> Self {
        Self::start("redis-server", |port| {
            let base = ["--bind", "127.0.0.1", "--port", port, "--dir", folder.to_str().unwrap()];
            base.iter().chain(options).map(|option| (*option).to_owned()).collect()
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Exit code and findings of one check.
fn findings(folder: &Path, url: &str, check: &str) -> (Option<i32>, Vec<Value>) {
    let ran = run(folder, &["doctor", "--json", "--cache", url]);
    assert_eq!(ran.stderr, "");
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    (ran.code, findings.filter(|finding| finding["check"] == check).cloned().collect())
}

fn with(findings: &[Value], text: &str) -> Value {
    let found = findings.iter().find(|finding| finding["found"].as_str().unwrap().contains(text));
    found.unwrap_or_else(|| panic!("{text}: {findings:?}")).clone()
}

#[test]
fn a_redis_that_is_as_it_should_be_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--save", "", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"];
    let server = Server::redis(folder.path(), &options);
    let (_, findings) = findings(folder.path(), &format!("redis://127.0.0.1:{}", server.port), "Redis");
    for text in [
        "version ",
        " clients",
        "of 67.1 MB in use",
        "keeps nothing on a disk",
        "0 keys evicted within a second",
    ] {
        assert_eq!(with(&findings, text)["severity"], "ok", "{text}");
    }
}

#[test]
fn a_redis_that_refuses_writes_and_saves_is_told_with_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--save", "3600 1", "--appendonly", "yes", "--maxmemory", "64mb"];
    let server = Server::redis(folder.path(), &options);
    let url = format!("redis://127.0.0.1:{}", server.port);
    let (code, before) = findings(folder.path(), &url, "Redis");
    assert_eq!(code, Some(1));
    let policy = with(&before, "policy noeviction");
    assert_eq!(policy["severity"], "error");
    let saves = with(&before, "saves snapshots");
    assert_eq!(saves["severity"], "warning");
    for finding in [policy, saves] {
        // As it stands there: what mends it does.
        let mended = Command::new("sh").args(["-c", finding["command"].as_str().unwrap()]).status().unwrap();
        assert!(mended.success(), "{finding}");
    }
    let (_, after) = findings(folder.path(), &url, "Redis");
    assert_eq!(with(&after, "policy allkeys-lru")["severity"], "ok");
    assert_eq!(with(&after, "appends to a file, so that entries outlive it")["severity"], "ok");
}

#[test]
fn a_redis_that_needs_a_password_and_one_that_is_not_there_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::redis(folder.path(), &["--save", "", "--requirepass", "secret"]);
    let (code, refused) = findings(folder.path(), &format!("redis://127.0.0.1:{}", server.port), "Redis");
    assert_eq!((code, refused.len(), &refused[0]["severity"]), (Some(1), 1, &"error".into()));
    let url = format!("redis://:secret@127.0.0.1:{}", server.port);
    let (_, known) = findings(folder.path(), &url, "Redis");
    assert_eq!(with(&known, "version ")["severity"], "ok");
    assert!(!serde_json::to_string(&known).unwrap().contains("secret"));
    drop(server);
    let (code, gone) = findings(folder.path(), &url, "Redis");
    assert_eq!((code, &gone[0]["severity"]), (Some(1), &"error".into()));
    assert!(!serde_json::to_string(&gone).unwrap().contains("secret"));
}

/// The user of `deploy/redis/redis.conf`, and one who may give no other commands than siftd does.
#[test]
fn a_user_who_may_ask_little_is_not_out_of_reach() {
    let folder = tempfile::tempdir().unwrap();
    let configuration =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/redis/redis.conf")).unwrap();
    let user = configuration.lines().find_map(|line| line.strip_prefix("# user siftd ")).unwrap();
    for user in [user, &user.replace(" +ping", "")] {
        let options = ["--save", "", "--user", "siftd"].into_iter().chain(user.split(' '));
        let server = Server::redis(folder.path(), &options.collect::<Vec<&str>>());
        let url = format!("redis://siftd:PASSWORD@127.0.0.1:{}", server.port);
        let (_, findings) = findings(folder.path(), &url, "Redis");
        assert!(findings.iter().all(|finding| finding["severity"] != "error"), "{findings:?}");
        assert_eq!(with(&findings, "version not told, round trip")["severity"], "ok");
        assert_eq!(with(&findings, "may not ask INFO")["severity"], "unknown");
    }
}

#[test]
fn a_variable_that_is_no_setting_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = siftd(folder.path(), &["doctor", "--json"]);
    let output = command.env("SIFTD_CASHE", "redis://host").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let settings =
        report["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "settings");
    let settings = settings.unwrap();
    assert_eq!(settings["severity"], "warning");
    assert!(settings["found"].as_str().unwrap().contains("SIFTD_CASHE"), "{settings}");
}

#[test]
fn memcached_tells_whether_the_items_of_large_values_fit() {
    let folder = tempfile::tempdir().unwrap();
    for (largest, severity) in [("512k", "warning"), ("1m", "ok")] {
        let server = Server::start("memcached", |port| {
            ["-l", "127.0.0.1", "-p", port, "-U", "0", "-u", "nobody", "-I", largest]
                .map(str::to_owned)
                .to_vec()
        });
        let url = format!("memcached://127.0.0.1:{}", server.port);
        let (_, findings) = findings(folder.path(), &url, "memcached");
        assert_eq!(with(&findings, "items of at most")["severity"], severity);
        assert_eq!(with(&findings, "version ")["severity"], "ok");
    }
}

#[test]
fn postgres_tells_its_version_and_whether_it_takes_writes() {
    let folder = tempfile::tempdir().unwrap();
    let server = PostgresServer::start(&[]);
    let (_, before) = findings(folder.path(), &server.url("siftd"), "PostgreSQL");
    for text in ["version ", " connections", "takes writes"] {
        assert_eq!(with(&before, text)["severity"], "ok", "{text}");
    }
    let read_only = PostgresServer::start(&["-c", "default_transaction_read_only=on"]);
    let (code, refusing) = findings(folder.path(), &read_only.url("siftd"), "PostgreSQL");
    assert_eq!((code, &with(&refusing, "takes no writes")["severity"]), (Some(1), &"error".into()));
    let (code, stranger) = findings(folder.path(), &server.url("stranger:secret"), "PostgreSQL");
    assert_eq!((code, stranger.len(), &stranger[0]["severity"]), (Some(1), 1, &"error".into()));
    assert!(!stranger[0].to_string().contains("secret"), "{stranger:?}");
}

/// Once, though it is named as well.
#[test]
fn the_server_of_the_settings_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::redis(folder.path(), &["--save", ""]);
    let url = format!("redis://127.0.0.1:{}", server.port);
    let versions = |arguments: &[&str]| {
        let ran = run(folder.path(), &[&["doctor", "--json", "--config", "siftd.toml"], arguments].concat());
        let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.filter(|finding| finding["found"].as_str().unwrap().contains("version ")).count()
    };
    fs::write(folder.path().join("siftd.toml"), format!("cache = \"{url}\"\n")).unwrap();
    assert_eq!((versions(&[]), versions(&["--cache", &url])), (1, 1));
    fs::write(folder.path().join("siftd.toml"), "cache = \"redis-sentinel://127.0.0.1/primary\"\n").unwrap();
    assert_eq!(versions(&["--cache", &url]), 1);
    let text = String::from_utf8(run(folder.path(), &["doctor", "--config", "siftd.toml"]).stdout).unwrap();
    assert!(text.contains("Sentinels are not asked"), "{text}");
}

#[test]
fn settings_and_urls_that_cannot_be_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("siftd.toml"), "cash = 1\n").unwrap();
    for arguments in [["doctor", "--config", "siftd.toml"], ["doctor", "--cache", "ftp://host"]] {
        let ran = run(folder.path(), &arguments);
        assert_eq!((ran.code, ran.stdout.as_slice()), (Some(2), b"".as_slice()), "{}", ran.stderr);
    }
}

#[test]
fn a_cache_folder_that_cannot_be_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let settings = format!("cache = \"disk://{}/cache\"\n", file.display());
    fs::write(folder.path().join("siftd.toml"), settings).unwrap();
    let ran = run(folder.path(), &["doctor", "--config", "siftd.toml"]);
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.code, Some(1), "{text}");
    assert!(text.contains(&format!("ERROR    cache folder: {}: is no folder\n", file.display())), "{text}");
    assert!(text.contains("         mend it: "), "{text}");
}
