//! Processes of this very binary that do not outlive the one that starts them.

use std::process::Command;
use std::{env, io, process};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use crate::stderr;

/// Has the number of the process that starts another one, for that other one.
const PARENT: &str = "_SIFTD_PARENT";

/// This binary, with no settings from around. What is started by it is killed when the thread that starts it ends, however that comes:
/// start it on the main thread.
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
    let Some(parent) = env::var_os(PARENT) else { return };
    // Where the system has no such signal, it ends when it is told to.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let has_parent = getppid().is_some_and(|id| parent == *id.as_raw_nonzero().to_string());
    if !has_parent {
        stderr::tell(format_args!("the process that started this one is gone ({PARENT} has its number)"));
        process::exit(1);
    }
}
