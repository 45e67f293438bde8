//! What the host of a virtual machine takes of the processor time that is asked for.

use std::fs;
use std::io;

/// Where a kernel tells it.
pub(crate) const PATH: &str = "/proc/stat";

/// Share of the processor time asked for from which on what is stolen is felt.
pub(crate) const FELT: f64 = 0.02;

/// Processor time of the whole machine, of all its processors together, in ticks of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessorTime {
    used: u64,
    stolen: u64,
}

impl ProcessorTime {
    pub(crate) const NONE: Self = Self { used: 0, stolen: 0 };

    /// Since the machine started.
    pub(crate) fn now() -> io::Result<Self> {
        Self::parse(&fs::read_to_string(PATH)?)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no times of processors in /proc/stat"))
    }

    /// Of the text of `/proc/stat` (proc_stat(5)).
    pub(crate) fn parse(stat: &str) -> Option<Self> {
        let mut fields = stat.lines().next()?.split_whitespace();
        if fields.next()? != "cpu" {
            return None;
        }
        let times: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
        let &[user, nice, system, _idle, _waiting, irq, softirq, stolen, ..] = times.as_slice() else {
            return None;
        };
        Some(Self { used: user + nice + system + irq + softirq, stolen })
    }

    /// From then on.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            used: self.used.saturating_sub(before.used),
            stolen: self.stolen.saturating_sub(before.stolen),
        }
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { used: self.used + other.used, stolen: self.stolen + other.stolen }
    }

    /// Share of what was asked for, 0 to 1, that the host gave to others while a thread was ready to run.
    pub(crate) fn stolen(self) -> f64 {
        if self.stolen == 0 { 0.0 } else { self.stolen as f64 / (self.used + self.stolen) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stolen_is_a_share_of_what_was_asked_for() {
        let [before, after] =
            ["cpu  100 20 30 400 5 6 7 10 0 0\ncpu0 1 2", "cpu 300 20 130 900 5 6 7 110 0 0"]
                .map(|stat| ProcessorTime::parse(stat).unwrap());
        assert_eq!(after.since(before).stolen(), 0.25);
        assert_eq!(before.since(before).stolen(), 0.0);
        assert_eq!(after.since(before).and(after.since(before)), ProcessorTime { used: 600, stolen: 200 });
    }

    #[test]
    fn what_is_no_such_text_is_not_read() {
        for stat in ["", "cpu", "cpu 1 2 3 4 5 6 7", "intr 1 2 3 4 5 6 7 8 9", "cpu 1 2 3 4 5 6 7 x"] {
            assert_eq!(ProcessorTime::parse(stat), None, "{stat}");
        }
    }

    #[test]
    fn the_kernel_tells_it() {
        let now = ProcessorTime::now().unwrap();
        assert!(now.used > 0 && (0.0..=1.0).contains(&now.stolen()), "{now:?}");
    }
}
