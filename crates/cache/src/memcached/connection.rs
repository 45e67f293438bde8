use std::io;

use bytes::BytesMut;
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::protocol::{self, Reply, Request};
use crate::StoreError;
use crate::shared::{HostPort, USER_TIMEOUT};

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
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
    stream.set_nodelay(true)?;
    set_tcp_user_timeout(&stream, u32::try_from(USER_TIMEOUT.as_millis()).unwrap_or(u32::MAX))?;
    Ok(stream)
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
