use std::fmt;

use procfs::process::{LimitValue, Process};
use procfs::{ProcResult, WithCurrentSystemInfo};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

/// What the system says of this process, read anew for every scrape: the usual `process_*`. Where there is no `/proc`,
/// nothing.
#[derive(Debug)]
pub(crate) struct ProcessMetrics;

impl ProcessMetrics {
    /// Adds them to a registry, which must have no prefix, since the names are the same for every service.
    pub(crate) fn register(registry: &mut Registry) {
        registry.register_collector(Box::new(Self));
    }
}

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Ok(readings) = Readings::now() else { return Ok(()) };
        for Reading { name, help, unit, value } in readings.list() {
            let metric: &dyn EncodeMetric = match &value {
                Value::Counter(value) => value,
                Value::Gauge(value) => value,
                Value::Whole(value) => value,
            };
            metric.encode(encoder.encode_descriptor(name, help, unit.as_ref(), metric.metric_type())?)?;
        }
        Ok(())
    }
}

/// One metric with its value.
struct Reading {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    value: Value,
}

enum Value {
    Counter(ConstCounter<f64>),
    Gauge(ConstGauge<f64>),
    Whole(ConstGauge<u64>),
}

#[derive(Debug)]
struct Readings {
    cpu_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: u64,
    /// Since 1970.
    start_seconds: f64,
    open_fds: Option<u64>,
    /// None where there is no limit.
    max_fds: Option<u64>,
}

impl Readings {
    fn now() -> ProcResult<Self> {
        let process = Process::myself()?;
        let stat = process.stat()?;
        let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
        let max_fds = process.limits().ok().and_then(|limits| match limits.max_open_files.soft_limit {
            LimitValue::Value(most) => Some(most),
            LimitValue::Unlimited => None,
        });
        Ok(Self {
            cpu_seconds: seconds(stat.utime + stat.stime),
            resident_bytes: stat.rss_bytes().get(),
            virtual_bytes: stat.vsize,
            threads: u64::try_from(stat.num_threads).unwrap_or_default(),
            start_seconds: procfs::boot_time_secs()? as f64 + seconds(stat.starttime),
            open_fds: process.fd_count().ok().map(|count| count as u64),
            max_fds,
        })
    }

    fn list(&self) -> impl Iterator<Item = Reading> {
        let seconds = |name, help, value| Reading { name, help, unit: Some(Unit::Seconds), value };
        let bytes = |name, help, value| {
            let value = Value::Whole(ConstGauge::new(value));
            Reading { name, help, unit: Some(Unit::Bytes), value }
        };
        let count = |name, help, value: Option<u64>| {
            Some(Reading { name, help, unit: None, value: Value::Whole(ConstGauge::new(value?)) })
        };
        let cpu = Value::Counter(ConstCounter::new(self.cpu_seconds));
        let start = Value::Gauge(ConstGauge::new(self.start_seconds));
        [
            Some(seconds("process_cpu", "Processor time in user and system mode.", cpu)),
            Some(bytes("process_resident_memory", "Memory in use.", self.resident_bytes)),
            Some(bytes("process_virtual_memory", "Address space in use.", self.virtual_bytes)),
            Some(seconds("process_start_time", "When the process started, since 1970.", start)),
            count("process_threads", "Threads.", Some(self.threads)),
            count("process_open_fds", "Open file descriptors.", self.open_fds),
            count("process_max_fds", "File descriptors that may be open.", self.max_fds),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use prometheus_client::encoding::text;

    use super::*;

    #[test]
    fn the_names_are_the_usual_ones() {
        let mut registry = Registry::default();
        ProcessMetrics::register(&mut registry);
        let mut encoded = String::new();
        text::encode(&mut encoded, &registry).unwrap();
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_virtual_memory_bytes",
            "process_start_time_seconds",
            "process_threads",
            "process_open_fds",
        ] {
            let sample = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
            let value: f64 =
                encoded.lines().find(sample).unwrap().rsplit(' ').next().unwrap().parse().unwrap();
            assert!(value > 0.0 || name == "process_cpu_seconds_total", "{name} {value}");
        }
    }

    #[test]
    fn the_readings_are_of_this_process() {
        let readings = Readings::now().unwrap();
        assert!(readings.start_seconds > 0.0);
        assert!(readings.resident_bytes < readings.virtual_bytes);
        assert!(readings.open_fds.unwrap() <= readings.max_fds.unwrap_or(u64::MAX));
    }
}
