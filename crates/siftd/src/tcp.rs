//! Connections of commands to servers.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Connects to the first address of `host:port` that answers. The time is for each address, and then for each read and write.
pub(crate) fn connect(server: &str, timeout: Duration) -> io::Result<TcpStream> {
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
        // `localhost` is both addresses on most hosts; where it is one, there is nothing to skip.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(connect(&format!("localhost:{port}"), Duration::from_secs(5)).is_ok());
        drop(listener);
        let refused = connect(&format!("127.0.0.1:{port}"), Duration::from_secs(5)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}
