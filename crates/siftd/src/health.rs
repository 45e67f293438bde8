//! `siftd health`: whether a service takes requests, for compose files and images that have no curl.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct HealthArguments {
    /// Address of the service
    #[arg(long, value_name = "ADDRESS", env = "SIFTD_LISTEN", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Address for metrics and probes, if the service has one
    #[arg(long, value_name = "ADDRESS", env = "SIFTD_ADMIN_LISTEN")]
    admin_listen: Option<SocketAddr>,
    /// How long to wait for the answer, s
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Asks, and tells on standard error why the answer is no.
pub(crate) fn run(arguments: &HealthArguments) -> bool {
    let address = reachable(arguments.admin_listen.unwrap_or(arguments.listen));
    match status(address, Duration::from_secs(arguments.timeout)) {
        Ok(200) => true,
        Ok(status) => {
            eprintln!("siftd: the service at {address} is not ready: it answers {status}");
            false
        }
        Err(error) => {
            eprintln!("siftd: the service at {address} does not answer: {error}");
            false
        }
    }
}

/// A service that listens everywhere is asked on this host.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// The status of the answer to a request for `/health/ready`.
fn status(address: SocketAddr, timeout: Duration) -> io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::other("it does not speak HTTP"))
}
