//! A service of this very binary, in a process of its own.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Stdio};

use procfs::process::Process;

use super::ProfileError;
use crate::child_process;

/// What names of compute threads begin with.
const COMPUTE: &str = "compute-";

/// Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Instance {
    child: Child,
    process: Process,
    pub(super) address: SocketAddr,
    /// When it listened, RFC 3339.
    pub(super) since: String,
}

/// What it says when it listens.
#[derive(Debug, serde::Deserialize)]
struct Listening {
    time: String,
    address: SocketAddr,
}

impl Instance {
    /// Starts `siftd serve` on a free port of this host, with these flags and no settings from around.
    pub(super) fn start(flags: &[&str]) -> Result<Self, ProfileError> {
        let mut command = child_process::command().map_err(ProfileError::Instance)?;
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(flags);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(ProfileError::Instance)?;
        match listening(&mut child) {
            Ok((listening, process)) => {
                Ok(Self { child, process, address: listening.address, since: listening.time })
            }
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(ProfileError::Instance(error))
            }
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Processor time so far, s.
    pub(super) fn cpu(&self) -> Result<f64, ProfileError> {
        let stat = self.process.stat()?;
        Ok((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
    }

    /// Processor time so far of the threads that do not compute, s.
    pub(super) fn answering_cpu(&self) -> Result<f64, ProfileError> {
        let mut nanos = 0;
        for task in self.process.tasks()? {
            // One that has just ended counts no more.
            let Ok((stat, times)) = task.and_then(|task| Ok((task.stat()?, task.schedstat()?))) else {
                continue;
            };
            if !stat.comm.starts_with(COMPUTE) {
                nanos += times.sum_exec_runtime;
            }
        }
        Ok(nanos as f64 / 1e9)
    }

    /// Resident memory now and at its peak, bytes.
    pub(super) fn memory(&self) -> Result<(f64, f64), ProfileError> {
        let status = self.process.status()?;
        let bytes = |kibibytes: Option<u64>| kibibytes.unwrap_or(0) as f64 * 1024.0;
        Ok((bytes(status.vmrss), bytes(status.vmhwm)))
    }

    /// A connection that has been used once.
    pub(super) fn connection(&self) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address)?;
        let request = format!("GET /health/live HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        io::Write::write_all(&mut stream, request.as_bytes())?;
        stream.read_exact(&mut [0; 12])?;
        Ok(stream)
    }
}

fn listening(child: &mut Child) -> io::Result<(Listening, Process)> {
    let mut stdout = child.stdout.take().map(BufReader::new).ok_or(io::ErrorKind::BrokenPipe)?;
    let mut line = String::new();
    stdout.read_line(&mut line)?;
    let listening = serde_json::from_str(&line).map_err(|_| io::Error::other("it did not come to listen"))?;
    // What it says later is of no interest, but must have somewhere to go.
    std::thread::spawn(move || io::copy(&mut stdout, &mut io::sink()));
    let id = i32::try_from(child.id()).map_err(io::Error::other)?;
    Ok((listening, Process::new(id).map_err(io::Error::other)?))
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
