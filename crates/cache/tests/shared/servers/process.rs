use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to do what a test waits for, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A server that can be killed, paused and started again. It ends with the value.
#[derive(Debug)]
pub(crate) struct Process {
    program: String,
    package: &'static str,
    arguments: Vec<OsString>,
    user: Option<u32>,
    port: u16,
    child: Option<Child>,
}

impl Process {
    /// Starts a program of a Debian package and waits until it listens.
    pub(crate) fn start(
        program: impl Into<String>,
        package: &'static str,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        user: Option<u32>,
        port: u16,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        let mut process = Self { program: program.into(), package, arguments, user, port, child: None };
        process.restart();
        process
    }

    /// Starts it again, as it was started first. One that ends at once, since what its predecessor left is not free
    /// yet, is started once more.
    pub(crate) fn restart(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let mut child = self.spawn();
        let what = format!("{} listens", self.program);
        until(&what, || {
            if child.try_wait().unwrap().is_some() {
                child = self.spawn();
            }
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
        });
        self.child = Some(child);
    }

    fn spawn(&self) -> Child {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(user) = self.user {
            command.uid(user).gid(user).current_dir("/");
        }
        command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error}; apt-get install {}", self.program, self.package)
        })
    }

    /// Ends it by SIGKILL, and its own children with it.
    pub(crate) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        for pid in family(&child) {
            // One that is gone already is as good as killed.
            let _ = kill_process(pid, Signal::KILL);
        }
        child.wait().unwrap();
    }

    /// Stops it where it is, by SIGSTOP, and waits until all its threads have.
    pub(crate) fn pause(&self) {
        let child = self.child.as_ref().expect("it runs");
        // A child that began meanwhile has not heard of it.
        until("it is stopped", || {
            self.signal(Signal::STOP);
            family(child).into_iter().all(is_stopped)
        });
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        for pid in family(child) {
            // A child may end meanwhile.
            let _ = kill_process(pid, signal);
        }
    }
}

/// A process and its children.
fn family(parent: &Child) -> Vec<Pid> {
    let parent = Pid::from_child(parent);
    let number = parent.as_raw_nonzero();
    let children = fs::read_to_string(format!("/proc/{number}/task/{number}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
    [parent].into_iter().chain(children).collect()
}

/// Whether no thread of a process runs: a child may have ended as its parent was stopped, which then does not hear of it.
fn is_stopped(pid: Pid) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).into_iter().flatten();
    tasks.flatten().all(|task| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        // Its state follows its name, which is in brackets.
        stat.rsplit_once(')').is_none_or(|(_, fields)| fields.trim_start().starts_with(['T', 'Z']))
    })
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
