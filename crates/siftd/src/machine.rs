//! What is measured on.

use std::thread;

use capacity::profile::Machine;
use extract::InstructionSet;
use procfs::{CpuInfo, Current, Meminfo, ProcError};

use crate::control_groups::Groups;
use crate::host::Host;

/// This machine.
pub(crate) fn read() -> Result<Machine, ProcError> {
    let cores = thread::available_parallelism()?.get();
    let cpu = CpuInfo::current()?;
    let host = Host::this();
    let limit = Groups::of(&host, "memory").and_then(|groups| groups.memory(&host)).unwrap_or(u64::MAX);
    let system = rustix::system::uname();
    Ok(Machine {
        cores: u32::try_from(cores).unwrap_or(u32::MAX),
        cpu: cpu.model_name(0).unwrap_or("unknown").to_owned(),
        instruction_set: InstructionSet::strongest().name().to_owned(),
        memory_bytes: Meminfo::current()?.mem_total.min(limit),
        system: format!("{} {}", system.sysname().to_string_lossy(), system.release().to_string_lossy()),
    })
}
