//! Connections of commands to servers.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Connects to the first address of a server that answers. The time is for each address, and then for each read and write.
pub(crate) fn connect(server: impl ToSocketAddrs, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::other("it has no address");
    for address in server.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(timeout))?;
                stream.set_write_timeout(Some(timeout))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_address_where_nobody_listens_does_not_keep_the_next_one_from_being_tried() {
        // A port that is taken and where nobody listens: that of a socket that is connected elsewhere.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let listening = listener.local_addr().unwrap();
        let connected = TcpStream::connect(listening).unwrap();
        let silent = connected.local_addr().unwrap();
        let limit = Duration::from_secs(5);
        assert_eq!(connect(silent, limit).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(connect(&[silent, listening][..], limit).unwrap().peer_addr().unwrap(), listening);
    }
}
