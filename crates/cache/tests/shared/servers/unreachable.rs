use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use cache::HostPort;
use rustix::net::listen;

use super::free_port;

/// How long the system may take to answer a SYN on its own loopback.
const ANSWERED: Duration = Duration::from_millis(200);

/// An address that answers no SYN, as that of a host without power: a listener whose queue is full.
#[derive(Debug)]
pub(crate) struct Unreachable {
    pub(crate) port: u16,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Unreachable {
    pub(crate) fn new() -> Self {
        let port = free_port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).unwrap();
        listen(&listener, 0).unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, ANSWERED) {
            queue.push(stream);
        }
        Self { port, _listener: listener, _queue: queue }
    }

    pub(crate) fn address(&self) -> HostPort {
        HostPort { host: "127.0.0.1".to_owned(), port: self.port }
    }
}
