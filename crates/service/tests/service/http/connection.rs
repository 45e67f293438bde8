use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::{PATIENCE, Request, Response};

/// A connection of a client.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read and not yet taken.
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Writes as long as the other side takes it.
    pub(crate) fn try_write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Writes a request and reads the answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Response {
        self.write(request.bytes());
        if request.is_head() { self.head() } else { self.answer() }
    }

    /// The client sends no more.
    pub(crate) fn end_sending(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Another handle of the same connection, to write while an answer is read.
    pub(crate) fn writer(&self) -> TcpStream {
        self.stream.try_clone().unwrap()
    }

    /// Reads a whole answer.
    pub(crate) fn answer(&mut self) -> Response {
        self.try_answer().unwrap()
    }

    /// Reads a whole answer, if there is one before the connection breaks.
    pub(crate) fn try_answer(&mut self) -> io::Result<Response> {
        let mut response = self.try_head()?;
        if response.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk() {
                response.body.extend(chunk);
            }
        } else if let Some(length) = response.header("content-length") {
            let length = length.parse().unwrap();
            response.body = self.take(length)?;
        } else {
            assert!(matches!(response.status, 100 | 204 | 304), "{response:?} has no length");
        }
        Ok(response)
    }

    /// Reads the head of an answer.
    pub(crate) fn head(&mut self) -> Response {
        self.try_head().unwrap()
    }

    fn try_head(&mut self) -> io::Result<Response> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Ok(Response::parse(&head));
            }
            self.fill()?;
        }
    }

    /// The next chunk of an answer in chunks; none at its end.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = loop {
            if let Some(end) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                break String::from_utf8(line).unwrap();
            }
            self.fill().unwrap();
        };
        let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
        let mut chunk = self.take(length + 2).unwrap();
        assert!(chunk.ends_with(b"\r\n"));
        chunk.truncate(length);
        (length > 0).then_some(chunk)
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill()?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut read = vec![0; 64 << 10];
        match self.stream.read(&mut read)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.buffer.extend_from_slice(&read[..length]);
                Ok(())
            }
        }
    }

    /// Waits until the service closes the connection, and returns what it still sent before.
    pub(crate) fn rest(mut self) -> Vec<u8> {
        loop {
            match self.fill() {
                Ok(()) => {}
                Err(error) if is_closed(&error) => return self.buffer,
                Err(error) => panic!("the connection stays open: {error}"),
            }
        }
    }
}

/// Ended or reset, either way not by the reading's own timeout.
fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}
