//! How the system's allocator deals with large blocks.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// From this size on, bytes, a block goes back to the system when it is freed.
const RETURNED_FROM: &str = "524288";

/// The variable that tells glibc so. It is read before anything of ours runs.
const VARIABLE: &str = "MALLOC_MMAP_THRESHOLD_";

/// Begins the process anew, once, with an allocator that gives large blocks back. By default glibc keeps up to 64 MiB an
/// arena of what images took, for good; `docs/decisions.md` has the figures. An operator who tunes it is left to that.
pub(crate) fn give_back_large_blocks() {
    let tuned = |name: &str| name.starts_with("MALLOC_") || name == "GLIBC_TUNABLES";
    let glibc = cfg!(all(target_os = "linux", target_env = "gnu"));
    if !glibc || env::vars_os().any(|(name, _)| name.to_str().is_some_and(tuned)) {
        return;
    }
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_else(|| "siftd".into());
    // It returns where it fails, and then the process goes on as it is.
    let program = env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
    let _ = Command::new(program).arg0(name).args(arguments).env(VARIABLE, RETURNED_FROM).exec();
}
