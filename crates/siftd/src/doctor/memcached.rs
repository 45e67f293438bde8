//! A memcached server, by the text protocol's `version` and `stats`.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread;

use cache::HostPort;

use super::finding::Finding;
use super::reach::{TIMEOUT, WATCHED, latency, unreachable};
use crate::tcp;

const CHECK: &str = "memcached";
/// The server's default. Values are stored in items of at most a million bytes.
const ITEM_BYTES: u64 = 1 << 20;

pub(super) fn check(server: &HostPort) -> Vec<Finding> {
    let name = server.to_string();
    ask(&name).unwrap_or_else(|error| {
        let command = format!("printf 'version\\r\\n' | nc {} {}", server.host, server.port);
        vec![unreachable(CHECK, &name, &error, command)]
    })
}

fn ask(server: &str) -> io::Result<Vec<Finding>> {
    let mut stream = BufReader::new(tcp::connect(server, TIMEOUT)?);
    let version = line(&mut stream, "version")?;
    let version = version.strip_prefix("VERSION ").ok_or(io::ErrorKind::InvalidData)?;
    let mut findings = vec![latency(CHECK, server, version, || line(&mut stream, "version").map(drop))?];
    let settings = statistics(&mut stream, "stats settings")?;
    let largest = settings.get("item_size_max").copied().unwrap_or(0);
    let found = format!("{server}: items of at most {largest} bytes");
    findings.push(if largest >= ITEM_BYTES {
        Finding::ok(CHECK, found)
    } else {
        let why = "features of pictures with more keypoints (152 bytes each, 6,500 an item) are not kept";
        Finding::warning(CHECK, found, why, "start memcached with -I 1m")
    });
    findings.push(eviction(&mut stream, server)?);
    Ok(findings)
}

/// Whether entries that have not expired are thrown away now.
fn eviction(stream: &mut BufReader<TcpStream>, server: &str) -> io::Result<Finding> {
    let before = statistics(stream, "stats")?;
    thread::sleep(WATCHED);
    let now = statistics(stream, "stats")?;
    let of = |statistics: &HashMap<String, u64>, name: &str| statistics.get(name).copied().unwrap_or(0);
    let (since_start, room) = (of(&now, "evictions"), of(&now, "limit_maxbytes"));
    let lately = since_start.saturating_sub(of(&before, "evictions"));
    let found = format!(
        "{server}: {} of {room} bytes in use, {lately} items evicted within a second, {since_start} since its start",
        of(&now, "bytes")
    );
    if lately == 0 {
        return Ok(Finding::ok(CHECK, found));
    }
    let why = "the working set does not fit: what is thrown away before it expires is computed again";
    Ok(Finding::warning(CHECK, found, why, format!("start memcached with -m {}", 2 * (room >> 20))))
}

fn line(stream: &mut BufReader<TcpStream>, command: &str) -> io::Result<String> {
    stream.get_mut().write_all(format!("{command}\r\n").as_bytes())?;
    next(stream)
}

fn next(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

/// Those that are numbers.
fn statistics(stream: &mut BufReader<TcpStream>, command: &str) -> io::Result<HashMap<String, u64>> {
    let mut statistics = HashMap::new();
    let mut read = line(stream, command)?;
    while let Some((name, value)) = read.strip_prefix("STAT ").and_then(|statistic| statistic.split_once(' '))
    {
        if let Ok(value) = value.parse() {
            statistics.insert(name.to_owned(), value);
        }
        read = next(stream)?;
    }
    Ok(statistics)
}
