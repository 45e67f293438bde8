//! The models of memory, held to what real servers use: each is started here, filled and asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use capacity::cache_memory::{Entry, Memcached, Postgres, Redis, SizeClasses};

use self::ports::free_port;

#[allow(dead_code, reason = "no clusters here")]
#[path = "../../cache/tests/shared/servers/ports.rs"]
mod ports;

/// How far a model may be off.
const TOLERANCE: f64 = 0.05;

/// How long a server may take to start.
const START: Duration = Duration::from_secs(30);

/// Bytes of key and value, and how many: the old plan's, and what siftd stores: a header alone, what memcached has of a value's
/// beginning, sets of few and of many features.
const SIZES: [(u64, u64, u64); 5] =
    [(73, 53, 100_000), (107, 128, 60_000), (115, 160, 60_000), (107, 16_000, 6_000), (107, 156_128, 1_500)];

/// A server that ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(program: &str, package: &str, arguments: &[String], port: u16) -> Server {
    let spawned = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = spawned.unwrap_or_else(|error| panic!("{program}: {error}; apt-get install {package}"));
    let server = Server { child, port };
    let end = Instant::now() + START;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "{program} does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
    server
}

fn key(number: u64, length: u64) -> String {
    format!("{number:0length$}", length = length as usize)
}

fn check(what: &str, modelled: f64, measured: f64) {
    println!(
        "{what}: {modelled:.1} by the model, {measured:.1} measured, {:+.2} %",
        (modelled / measured - 1.0) * 100.0
    );
    assert!((modelled / measured - 1.0).abs() < TOLERANCE, "{what}: {modelled} is not {measured}");
}

#[test]
fn redis() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let folder = folder.path().display().to_string();
    let arguments = ["--port", &port.to_string(), "--save", "", "--dir", &folder].map(str::to_owned);
    let server = start("redis-server", "redis-server", &arguments, port);
    let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", server.port)).unwrap());
    let mut ask = |command: &str| {
        let words: Vec<&str> = command.split(' ').collect();
        let mut sent = format!("*{}\r\n", words.len());
        words.iter().for_each(|word| sent += &format!("${}\r\n{word}\r\n", word.len()));
        connection.get_mut().write_all(sent.as_bytes()).unwrap();
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        let Some(length) = line.strip_prefix('$') else { return line };
        let mut body = vec![0; length.trim().parse::<usize>().unwrap() + 2];
        connection.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    };
    let field = |info: &str, name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("{name} is not in {info}")).trim().to_owned()
    };
    // Redis' own build has another quantum than the system's jemalloc.
    let bundled = field(&ask("INFO memory"), "mem_allocator") == "jemalloc-5.2.1";
    let allocator = if bundled { SizeClasses::BUNDLED } else { SizeClasses::SYSTEM };
    for (key_bytes, value_bytes, entries) in SIZES {
        ask("FLUSHALL");
        let empty: f64 = field(&ask("INFO memory"), "used_memory").parse().unwrap();
        let value = "v".repeat(value_bytes as usize);
        for number in 0..entries {
            assert_eq!(ask(&format!("SET {} {value} EX 3600", key(number, key_bytes))), "+OK\r\n");
        }
        let full: f64 = field(&ask("INFO memory"), "used_memory").parse().unwrap();
        let entry = Entry { key_bytes, value_bytes, expires: true };
        let modelled = Redis { allocator }.footprint(entry, entries).bytes();
        check(&format!("redis, {key_bytes} + {value_bytes}"), modelled, (full - empty) / entries as f64);
    }
}

#[test]
fn memcached() {
    for (key_bytes, value_bytes, entries) in SIZES {
        // A server for each, at a port of its own: pages stay with the class that took them.
        let port = free_port();
        // As root it wants to be told who to be.
        let arguments = ["-p", &port.to_string(), "-U", "0", "-m", "2048", "-u", "root"].map(str::to_owned);
        let mut server = start("memcached", "memcached", &arguments, port);
        let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", server.port)).unwrap());
        let value = "v".repeat(value_bytes as usize);
        let mut line = String::new();
        for number in 0..entries {
            let command = format!("set {} 0 3600 {value_bytes}\r\n{value}\r\n", key(number, key_bytes));
            connection.get_mut().write_all(command.as_bytes()).unwrap();
            line.clear();
            if let Err(error) = connection.read_line(&mut line) {
                panic!(
                    "after {number} of {value_bytes}: {error}; the server's end: {:?}",
                    server.child.try_wait()
                );
            }
            assert_eq!(line, "STORED\r\n");
        }
        let mut statistics = |command: &str| {
            connection.get_mut().write_all(format!("{command}\r\n").as_bytes()).unwrap();
            let mut found = Vec::new();
            loop {
                let mut line = String::new();
                connection.read_line(&mut line).unwrap();
                if line.trim() == "END" {
                    return found;
                }
                let mut words = line.split_whitespace().skip(1);
                found.push((words.next().unwrap().to_owned(), words.next().unwrap().to_owned()));
            }
        };
        let value_of = |found: &[(String, String)], name: &str| -> f64 {
            found.iter().find(|(found, _)| found == name).unwrap().1.parse().unwrap()
        };
        let slabs = statistics("stats slabs");
        let used = slabs.iter().find(|(name, count)| name.ends_with("used_chunks") && count != "0").unwrap();
        let class = used.0.split(':').next().unwrap();
        // Pages but for what of the last is not used yet.
        let per_page = value_of(&slabs, &format!("{class}:chunks_per_page"));
        let hash = value_of(&statistics("stats"), "hash_bytes");
        let measured = 1_048_576.0 / per_page + hash / entries as f64;
        let entry = Entry { key_bytes, value_bytes, expires: true };
        let modelled = Memcached::default().footprint(entry).bytes();
        // The table has half a megabyte from the start, which is much for few entries.
        let least_table = (hash / entries as f64 - 8.0).max(0.0);
        check(&format!("memcached, {key_bytes} + {value_bytes}"), modelled, measured - least_table);
    }
}

fn postgres_program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin").join(name)).find(|path| path.exists());
    installed.unwrap_or_else(|| PathBuf::from(name))
}

/// As `command`, by someone else if this is root, whom PostgreSQL refuses.
fn as_postgres(program: &Path) -> Command {
    let root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

#[test]
fn postgres() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let _ = Command::new("chown").arg("postgres").args([folder.path(), &data]).status();
    let initdb = postgres_program("initdb");
    let made = as_postgres(&initdb).args(["--auth=trust", "--username=postgres", "-D"]).arg(&data).output();
    let made =
        made.unwrap_or_else(|error| panic!("{}: {error}; apt-get install postgresql", initdb.display()));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = free_port();
    let mut command = as_postgres(&postgres_program("postgres"));
    command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "fsync=off", "-c", "autovacuum=off"]);
    command.args(["-c", "unix_socket_directories="]).stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Server { child: command.spawn().unwrap(), port };
    let psql = |sql: &str| {
        Command::new("psql")
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "postgres", "-Atqc", sql])
            .output()
            .expect("psql: apt-get install postgresql-client")
    };
    let end = Instant::now() + START;
    while !psql("select 1").status.success() {
        assert!(Instant::now() < end, "postgres does not answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    for (key_bytes, value_bytes, entries) in SIZES {
        let fill = format!(
            "drop table if exists entries;
             create table entries (key text primary key, value bytea not null, expires_at timestamptz not null);
             alter table entries alter column value set storage external;
             create index on entries (expires_at);
             insert into entries
             select left(rpad(md5(number::text) || md5(number::text || 'x') || md5(number::text || 'y'), {key_bytes}, 'k'), {key_bytes}),
                    decode(repeat('ab', {value_bytes}), 'hex'), now() + number * interval '1 microsecond'
             from generate_series(1, {entries}) number;"
        );
        let filled = psql(&fill);
        assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
        let size = psql("select pg_total_relation_size('entries')").stdout;
        let size: f64 = String::from_utf8(size).unwrap().trim().parse().unwrap();
        let entry = Entry { key_bytes, value_bytes, expires: true };
        let modelled = Postgres { dead_share: 0.0 }.footprint(entry).bytes();
        check(&format!("postgres, {key_bytes} + {value_bytes}"), modelled, size / entries as f64);
    }
}
