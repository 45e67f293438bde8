//! A report as tables.

use capacity::report::{Cell, Document, Plot, Scale, Section, Table};
use chart::number;

use crate::load::{Measurement, Operation, told};
use crate::marks::{Counted, Kept, LAST_MOMENT};
use crate::measure::{LARGEST_VALUE, SMALL_VALUE};
use crate::report::{CacheReport, Report};

/// What is measured of each, in the order of the tables.
const WORKLOADS: [(Operation, usize); 5] = [
    (Operation::GetSummary, LARGEST_VALUE),
    (Operation::Get, SMALL_VALUE),
    (Operation::Get, LARGEST_VALUE),
    (Operation::Set, SMALL_VALUE),
    (Operation::Set, LARGEST_VALUE),
];

impl Report {
    /// The decision matrix, and what stands behind it.
    pub fn document(&self) -> Document {
        let mut sections = vec![matrix(self), speed(self), scale(self)];
        sections.extend(notes(self));
        Document { title: format!("Caches of siftd, measured {}", self.made), sections }
    }
}

fn matrix(report: &Report) -> Section {
    let mut rows = Vec::new();
    let mut row = |name: String, value: &dyn Fn(&CacheReport) -> Cell| {
        let cells = report.caches.iter().map(value);
        rows.push(std::iter::once(Cell::from(name)).chain(cells).collect());
    };
    let (few, many) = report.few_and_many();
    for (operation, bytes) in WORKLOADS {
        let name = format!("{}: us, p50 / p99, callers: {few}", what(operation, bytes));
        row(name, &|cache| latency(cache.measurement(operation, bytes, few)));
    }
    for (operation, bytes) in WORKLOADS {
        let name = format!("{}: a second, callers: {many}", what(operation, bytes));
        row(name, &|cache| cache.measurement(operation, bytes, many).map(|one| one.rate).into());
    }
    for bytes in [SMALL_VALUE, LARGEST_VALUE] {
        let name = format!("bytes of an entry of {}", number(bytes as f64));
        row(name, &|cache| cache.bytes_per_entry(bytes).into());
    }
    let last = LAST_MOMENT.as_secs();
    for killed in [Killed::Siftd, Killed::Server] {
        let name = format!("kept when {} is killed, {last} s old", killed.name());
        row(name, &|cache| counted(killed.kept(cache).map(|kept| kept.early)));
        row(format!("kept when {} is killed, just written", killed.name()), &|cache| {
            counted(killed.kept(cache).map(|kept| kept.late))
        });
    }
    row("processes of siftd that can share it".to_owned(), &|cache| whole(cache.processes_that_share));
    row("processes to run beside siftd".to_owned(), &|cache| whole(cache.processes_to_run.map(u64::from)));
    row("what must run".to_owned(), &|cache| cache.must_run.into());
    let names = report.caches.iter().map(|cache| cache.name.clone());
    let table = Table {
        key: "matrix",
        name: "The decision matrix".to_owned(),
        columns: std::iter::once(String::new()).chain(names).collect(),
        rows,
        formula: "p50 and p99: of the operations of all callers; kept: of marks written, those found after SIGKILL (where there is \
                  no server, siftd is it)",
        source: source(report),
    };
    let notes = vec![
        "Figures are of what stands behind the memory tier, which stands in front of all of them: what a process has seen \
         costs it what the column for memory says."
            .to_owned(),
        format!("Measured on {}.", machine(report)),
    ];
    Section {
        key: "matrix",
        title: "Decision matrix".to_owned(),
        notes,
        tables: vec![table, caches(report)],
        ..Section::default()
    }
}

/// Who is killed.
#[derive(Debug, Clone, Copy)]
enum Killed {
    Siftd,
    Server,
}

impl Killed {
    fn name(self) -> &'static str {
        match self {
            Self::Siftd => "siftd",
            Self::Server => "the server",
        }
    }

    fn kept(self, cache: &CacheReport) -> Option<Kept> {
        match self {
            Self::Siftd => cache.persistence.siftd_killed,
            Self::Server => cache.persistence.server_killed,
        }
    }
}

fn caches(report: &Report) -> Table {
    let rows = report.caches.iter().map(|cache| {
        let server = cache.server.as_ref().map_or("no server", |server| &server.version);
        let found = cache.error.as_deref().unwrap_or("measured");
        vec![cache.name.as_str().into(), cache.url.as_str().into(), server.into(), found.into()]
    });
    Table {
        key: "caches",
        name: "The caches".to_owned(),
        columns: ["", "URL", "server", "measured"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        formula: "versions as the servers tell them",
        source: format!("siftd {}", report.siftd),
    }
}

fn speed(report: &Report) -> Section {
    let tables = WORKLOADS.map(|(operation, bytes)| {
        let measurements = report.caches.iter().flat_map(|cache| {
            let theirs = cache.measurements.iter();
            let these = theirs.filter(move |one| (one.operation, one.value_bytes) == (operation, bytes));
            these.map(|one| timing(&cache.name, one))
        });
        Table {
            key: match (operation, bytes) {
                (Operation::GetSummary, _) => "get_summary",
                (Operation::Get, SMALL_VALUE) => "get_small",
                (Operation::Get, _) => "get_large",
                (Operation::Set, SMALL_VALUE) => "set_small",
                (Operation::Set, _) => "set_large",
            },
            name: what(operation, bytes),
            columns: ["", "callers", "a second", "p50 us", "p90 us", "p99 us", "max us", "misses", "errors"]
                .map(str::to_owned)
                .to_vec(),
            rows: measurements.collect(),
            formula: "closed loops: each caller goes on when it is done",
            source: source(report),
        }
    });
    Section { key: "speed", title: "Speed".to_owned(), tables: tables.into(), ..Section::default() }
}

fn timing(name: &str, one: &Measurement) -> Vec<Cell> {
    let mut row = vec![name.into(), (one.callers as f64).into(), one.rate.into()];
    let times = one.latency.map(|of| [of.p50_us, of.p90_us, of.p99_us, of.max_us]);
    row.extend(times.map_or([Cell::None, Cell::None, Cell::None, Cell::None], |times| times.map(Cell::from)));
    row.push((one.misses as f64).into());
    let errors = told(&one.errors);
    row.push(if errors.is_empty() { Cell::Text("none".to_owned()) } else { errors.into() });
    row
}

fn scale(report: &Report) -> Section {
    let measured = || report.caches.iter().filter(|cache| !cache.scale.is_empty());
    let counts = measured().next().map(|cache| cache.scale.iter().map(|at| at.callers).collect::<Vec<_>>());
    let counts = counts.unwrap_or_default();
    let rows = measured().map(|cache| {
        let rates = cache.scale.iter().map(|at| Cell::from(at.rate));
        std::iter::once(Cell::from(cache.name.as_str())).chain(rates).collect()
    });
    let table = Table {
        key: "scale",
        name: "Summaries read a second, by callers at a time".to_owned(),
        columns: std::iter::once(String::new()).chain(counts.iter().map(usize::to_string)).collect(),
        rows: rows.collect(),
        formula: "closed loops in one process of siftd",
        source: source(report),
    };
    Section {
        key: "scale",
        title: "Scale".to_owned(),
        tables: vec![table],
        plots: vec![rates(report)],
        ..Section::default()
    }
}

/// The same as lines.
pub(crate) fn rates(report: &Report) -> Plot {
    let lines = report.caches.iter().filter(|cache| !cache.scale.is_empty()).map(|cache| {
        let points = cache.scale.iter().map(|at| (at.callers as f64, at.rate));
        (cache.name.clone(), points.collect())
    });
    Plot {
        name: "Summaries read a second, by callers at a time".to_owned(),
        x: "callers".to_owned(),
        y: "a second".to_owned(),
        lines: lines.collect(),
        x_scale: Scale::Logarithmic,
        y_scale: Scale::Logarithmic,
    }
}

fn notes(report: &Report) -> Option<Section> {
    let notes = report.caches.iter().flat_map(|cache| {
        let errors = cache.error.iter().map(|error| format!("it was not measured: {error}"));
        errors.chain(cache.notes.iter().cloned()).map(|note| format!("{}: {note}", cache.name))
    });
    let notes: Vec<String> = notes.collect();
    let title = "What could not be found out".to_owned();
    (!notes.is_empty()).then(|| Section { key: "notes", title, notes, ..Section::default() })
}

/// An operation with its values.
pub(crate) fn what(operation: Operation, bytes: usize) -> String {
    match operation {
        Operation::GetSummary => operation.name().to_owned(),
        Operation::Get | Operation::Set => format!("{} {} KB", operation.name(), bytes / 1000),
    }
}

fn latency(measurement: Option<&Measurement>) -> Cell {
    let latency = measurement.and_then(|measurement| measurement.latency);
    latency.map_or(Cell::None, |of| Cell::Text(format!("{} / {}", number(of.p50_us), number(of.p99_us))))
}

fn counted(counted: Option<Counted>) -> Cell {
    counted.map_or(Cell::None, |Counted { written, found }| Cell::Text(format!("{found} of {written}")))
}

fn whole(value: Option<u64>) -> Cell {
    value.map(|value| value as f64).into()
}

fn source(report: &Report) -> String {
    let seconds = report.settings.window_seconds;
    format!("measured here, {} s each", number(seconds))
}

fn machine(report: &Report) -> String {
    let machine = &report.machine;
    format!("{}, {} cores, {}", machine.cpu, machine.cores, machine.system)
}
