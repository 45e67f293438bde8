use super::finding::Finding;
use crate::host::Host;
use crate::steal::{FELT, PATH, ProcessorTime};

const CHECK: &str = "stolen time";

/// Processors that the host gives to others meanwhile make every time longer, most of all the longest.
pub(super) fn check(host: &Host) -> Finding {
    let Some(time) = host.read(PATH).as_deref().and_then(ProcessorTime::parse) else {
        return Finding::unknown(CHECK, format!("{PATH} cannot be read"));
    };
    let share = time.stolen();
    let found = format!("{:.1} % of the processor time asked for since the start", 100.0 * share);
    if share <= FELT {
        return Finding::ok(CHECK, found);
    }
    let why = "the host of this virtual machine gives its processors to others meanwhile: all times are longer, and what \
               was measured in one hour does not hold in another";
    Finding::warning(
        CHECK,
        found,
        why,
        "vmstat 10 shows when (column st); take a machine with processors of its own",
    )
}
