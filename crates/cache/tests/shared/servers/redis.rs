use std::path::Path;

use cache::{HostPort, RedisConfig, RedisServers};
use tempfile::TempDir;

use super::{Process, free_port, until};

/// A `redis-server` in a folder of its own.
#[derive(Debug)]
pub(crate) struct RedisServer {
    pub(crate) process: Process,
    pub(crate) port: u16,
    folder: TempDir,
}

impl RedisServer {
    /// One that keeps nothing on the disk, with further options.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), free_port(), options)
    }

    pub(crate) fn start_in(folder: TempDir, port: u16, options: &[&str]) -> Self {
        let port_text = port.to_string();
        let path = folder.path().to_str().unwrap();
        let base = ["--bind", "127.0.0.1", "--save", "", "--port", &port_text, "--dir", path];
        let arguments: Vec<&str> = base.iter().chain(options).copied().collect();
        let process = Process::start("redis-server", "redis-server", &arguments, None, port);
        let server = Self { process, port, folder };
        if !options.contains(&"--requirepass") {
            server.ready();
        }
        server
    }

    /// One with a configuration, in a folder of its own.
    pub(crate) fn start_configured(file: &Path) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let (port_text, path) = (port.to_string(), folder.path().to_str().unwrap());
        let arguments = [file.to_str().unwrap(), "--port", &port_text, "--dir", path];
        let process = Process::start("redis-server", "redis-server", arguments, None, port);
        let server = Self { process, port, folder };
        server.ready();
        server
    }

    /// A Sentinel with a configuration, which it rewrites.
    pub(crate) fn start_sentinel(folder: TempDir, port: u16, file: &Path) -> Self {
        let port_text = port.to_string();
        let file = file.to_str().unwrap();
        let arguments = [file, "--sentinel", "--bind", "127.0.0.1", "--port", &port_text];
        let process = Process::start("redis-server", "redis-server", arguments, None, port);
        Self { process, port, folder }
    }

    /// Waits until it serves.
    pub(crate) fn ready(&self) {
        until("Redis serves", || {
            let Ok(mut connection) = self.client().get_connection() else { return false };
            redis::cmd("PING").query::<String>(&mut connection).is_ok()
        });
    }

    pub(crate) fn restart(&mut self) {
        self.process.restart();
        self.ready();
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn address(&self) -> HostPort {
        HostPort { host: "127.0.0.1".to_owned(), port: self.port }
    }

    pub(crate) fn config(&self) -> RedisConfig {
        RedisConfig::new(RedisServers::Standalone(self.address()))
    }

    fn client(&self) -> redis::Client {
        redis::Client::open(("127.0.0.1", self.port)).unwrap()
    }

    /// What it answers to a command.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, command: &[&[u8]]) -> redis::RedisResult<T> {
        ask(self.port, command)
    }

    /// A number among what `INFO` tells.
    pub(crate) fn info(&self, section: &str, field: &str) -> u64 {
        let info: String = self.ask(&[b"INFO", section.as_bytes()]).unwrap();
        let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let digits = value.unwrap_or("0").trim_start_matches("calls=");
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse().unwrap()
    }
}

/// What the Redis at a port answers to a command.
pub(crate) fn ask<T: redis::FromRedisValue>(port: u16, command: &[&[u8]]) -> redis::RedisResult<T> {
    let mut connection = redis::Client::open(("127.0.0.1", port))?.get_connection()?;
    let mut parts = redis::Cmd::new();
    command.iter().for_each(|part| {
        parts.arg(part);
    });
    parts.query(&mut connection)
}
