use std::io;
use std::net::SocketAddr;

use bytes::BytesMut;
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::{mpsc, oneshot};
use tokio::time;

use super::protocol::{self, Reply, Request};
use crate::StoreError;
use crate::shared::{HOST_TIMEOUT, HostPort, USER_TIMEOUT};

/// Requests that may wait to be written.
const PIPELINE: usize = 512;

/// Bytes that are written at once.
const WRITE_BUFFER: usize = 64 << 10;

type Waiting = oneshot::Sender<Reply>;

/// A connection on which requests follow each other without waiting for replies, which come in the same order.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    at: String,
    requests: mpsc::Sender<(Request, Waiting)>,
}

impl Connection {
    pub(super) async fn open(address: HostPort) -> Result<Self, StoreError> {
        let at = address.to_string();
        let stream = connect(&address).await.map_err(|source| StoreError::Io { at: at.clone(), source })?;
        let (requests, received) = mpsc::channel(PIPELINE);
        tokio::spawn(drive(stream, received));
        Ok(Self { at, requests })
    }

    /// Sends a request and waits for its reply. An error is the end of the connection.
    pub(super) async fn run(&self, request: Request) -> Result<Reply, StoreError> {
        Self::finish(&self.at, self.start(request).await?).await
    }

    /// Sends a request.
    pub(super) async fn start(&self, request: Request) -> Result<oneshot::Receiver<Reply>, StoreError> {
        let (waiting, reply) = oneshot::channel();
        self.requests.send((request, waiting)).await.map_err(|_| lost(&self.at))?;
        Ok(reply)
    }

    /// Waits for the reply to a request.
    pub(super) async fn finish(at: &str, reply: oneshot::Receiver<Reply>) -> Result<Reply, StoreError> {
        match reply.await.map_err(|_| lost(at))? {
            Reply::Failed(reason) => Err(StoreError::Unavailable { at: at.to_owned(), reason }),
            reply => Ok(reply),
        }
    }
}

fn lost(at: &str) -> StoreError {
    StoreError::Io {
        at: at.to_owned(),
        source: io::Error::new(io::ErrorKind::ConnectionReset, "connection lost"),
    }
}

async fn connect(address: &HostPort) -> io::Result<TcpStream> {
    let addresses = lookup_host((address.host.as_str(), address.port)).await?;
    let stream = connect_to_first(addresses).await?;
    stream.set_nodelay(true)?;
    set_tcp_user_timeout(&stream, u32::try_from(USER_TIMEOUT.as_millis()).unwrap_or(u32::MAX))?;
    Ok(stream)
}

/// To the first of the addresses that takes a connection: one that says nothing at all leaves time for the others.
async fn connect_to_first(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut outcome = Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    for address in addresses {
        let connecting = time::timeout(HOST_TIMEOUT, TcpStream::connect(address));
        outcome = connecting.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Writes and reads until one of them ends. Then all who still wait learn that the connection is lost.
async fn drive(stream: TcpStream, requests: mpsc::Receiver<(Request, Waiting)>) {
    let (reader, writer) = stream.into_split();
    let (expect, expected) = mpsc::unbounded_channel();
    tokio::select! {
        _ = write(writer, requests, expect) => {}
        _ = read(reader, expected) => {}
    }
}

async fn write(
    writer: OwnedWriteHalf,
    mut requests: mpsc::Receiver<(Request, Waiting)>,
    expect: mpsc::UnboundedSender<Waiting>,
) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(WRITE_BUFFER, writer);
    while let Some((Request(bytes), waiting)) = requests.recv().await {
        // What nobody waits for any more is not sent.
        if !waiting.is_closed() {
            expect.send(waiting).map_err(|_| io::ErrorKind::BrokenPipe)?;
            writer.write_all(&bytes).await?;
        }
        if requests.is_empty() {
            writer.flush().await?;
        }
    }
    Ok(())
}

async fn read(mut reader: OwnedReadHalf, mut expected: mpsc::UnboundedReceiver<Waiting>) -> io::Result<()> {
    let mut received = BytesMut::with_capacity(WRITE_BUFFER);
    loop {
        while let Some(reply) = protocol::next(&mut received).map_err(|_| io::ErrorKind::InvalidData)? {
            // A reply that was not asked for, such as the one to a client too many, is the end.
            let waiting = expected.try_recv().map_err(|_| io::ErrorKind::InvalidData)?;
            let last = matches!(reply, Reply::Failed(_));
            // Whoever waited may have gone.
            let _ = waiting.send(reply);
            if last {
                return Ok(());
            }
        }
        if received.capacity() == received.len() {
            received.reserve(WRITE_BUFFER);
        }
        if reader.read_buf(&mut received).await? == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// An address of this host at which nothing is answered: its listener has as many connections as it takes, and more are ignored.
    /// What they are is returned, too.
    async fn silent() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let (address, mut taken) = (listener.local_addr().unwrap(), vec![]);
        while let Ok(stream) = time::timeout(HOST_TIMEOUT / 4, TcpStream::connect(address)).await {
            taken.push(stream.unwrap());
        }
        (address, listener, taken)
    }

    #[tokio::test]
    async fn an_address_that_says_nothing_leaves_time_for_the_next() {
        let (silent, _listener, _taken) = silent().await;
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let there = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = (there.local_addr().unwrap(), there);
        let stream = connect_to_first([silent, closed, there.0].into_iter()).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), there.0);
        let error = |addresses: Vec<SocketAddr>| async {
            connect_to_first(addresses.into_iter()).await.unwrap_err().kind()
        };
        assert_eq!(error(vec![closed, silent]).await, io::ErrorKind::TimedOut);
        assert_eq!(error(vec![closed]).await, io::ErrorKind::ConnectionRefused);
        assert_eq!(error(vec![]).await, io::ErrorKind::NotFound);
    }
}
