//! What is measured on.

use std::fs;
use std::thread;

use capacity::profile::Machine;
use extract::InstructionSet;
use procfs::{CpuInfo, Current, Meminfo, ProcError};

/// This machine.
pub(crate) fn read() -> Result<Machine, ProcError> {
    let cores = thread::available_parallelism()?.get();
    let cpu = CpuInfo::current()?;
    let system = rustix::system::uname();
    Ok(Machine {
        cores: u32::try_from(cores).unwrap_or(u32::MAX),
        cpu: cpu.model_name(0).unwrap_or("unknown").to_owned(),
        instruction_set: InstructionSet::strongest().name().to_owned(),
        memory_bytes: Meminfo::current()?.mem_total.min(cgroup_limit().unwrap_or(u64::MAX)),
        system: format!("{} {}", system.sysname().to_string_lossy(), system.release().to_string_lossy()),
    })
}

/// That of a container, which sees its own group as the root.
fn cgroup_limit() -> Option<u64> {
    fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?.trim().parse().ok()
}
