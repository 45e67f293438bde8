//! Processes of this very binary that do not outlive the one that starts them.

use std::process::Command;
use std::{env, io, process};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

/// Has the number of the process that starts another one, for that other one.
const PARENT: &str = "_SIFTD_PARENT";

/// This binary, with no settings from around. What it starts is killed when the thread that started it ends, however that comes.
pub(crate) fn command() -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    for (name, _) in env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"SIFTD_") {
            command.env_remove(name);
        }
    }
    command.env(PARENT, process::id().to_string());
    Ok(command)
}

/// If this process was started by [`command`], sees to it that it ends with the one that did.
pub(crate) fn end_with_parent() {
    let parent = env::var(PARENT).ok().and_then(|id| id.parse().ok()).and_then(Pid::from_raw);
    let Some(parent) = parent else { return };
    // Where the system has no such signal, it ends when it is told to.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    if getppid() != Some(parent) {
        // It ended before the signal was asked for.
        process::exit(1);
    }
}
