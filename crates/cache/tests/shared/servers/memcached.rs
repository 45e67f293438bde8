use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use cache::HostPort;

use super::{Process, free_port};

/// A `memcached`.
#[derive(Debug)]
pub(crate) struct MemcachedServer {
    pub(crate) process: Process,
    port: u16,
}

impl MemcachedServer {
    pub(crate) fn start(options: &[&str]) -> Self {
        let port = free_port();
        let port_text = port.to_string();
        let base = ["-l", "127.0.0.1", "-U", "0", "-u", "nobody", "-p", &port_text];
        let arguments: Vec<&str> = base.iter().chain(options).copied().collect();
        Self { process: Process::start("memcached", "memcached", arguments, None, port), port }
    }

    pub(crate) fn address(&self) -> HostPort {
        HostPort { host: "127.0.0.1".to_owned(), port: self.port }
    }

    /// A connection that is served; none where there are too many.
    pub(crate) fn client(&self) -> Option<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        let mut reply = [0; 4];
        stream.write_all(b"mn\r\n").ok()?;
        stream.read_exact(&mut reply).ok()?;
        (reply == *b"MN\r\n").then_some(stream)
    }

    /// Connections that clients have to it, as the system knows at once.
    pub(crate) fn established(&self) -> usize {
        let remote = format!(":{:04X}", self.port);
        let connections = fs::read_to_string("/proc/net/tcp").unwrap();
        // Number, own address, remote address, state: 1 is established.
        let is_ours = |line: &&str| {
            let fields: Vec<_> = line.split_whitespace().take(4).collect();
            matches!(fields[..], [_, _, address, "01"] if address.ends_with(&remote))
        };
        connections.lines().filter(is_ours).count()
    }

    /// The bytes of an item.
    pub(crate) fn item(&self, name: &str) -> Option<Vec<u8>> {
        let (line, mut reader) = self.ask(format!("mg {name} v\r\n").as_bytes());
        let length = line.strip_prefix("VA ")?.trim().parse().unwrap();
        let mut value = vec![0; length];
        reader.read_exact(&mut value).unwrap();
        Some(value)
    }

    pub(crate) fn set_item(&self, name: &str, value: &[u8]) {
        let command = format!("ms {name} {}\r\n", value.len());
        let (line, _) = self.ask(&[command.as_bytes(), value, b"\r\n"].concat());
        assert_eq!(line, "HD\r\n");
    }

    pub(crate) fn delete_item(&self, name: &str) {
        let (line, _) = self.ask(format!("md {name}\r\n").as_bytes());
        assert_eq!(line, "HD\r\n");
    }

    /// A number among its statistics.
    pub(crate) fn statistic(&self, name: &str) -> u64 {
        let (mut line, mut reader) = self.ask(b"stats\r\n");
        loop {
            if let Some(number) = line.strip_prefix(&format!("STAT {name} ")) {
                return number.trim().parse().unwrap();
            }
            assert!(line.starts_with("STAT"), "no statistic is called {name}");
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
    }

    fn ask(&self, command: &[u8]) -> (String, BufReader<TcpStream>) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.write_all(command).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        (line, reader)
    }
}
