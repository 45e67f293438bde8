//! `siftd cache-bench`: the decision matrix of caches, measured.

mod arguments;
mod marking;
mod output;
mod subject;

use std::io;
use std::path::Path;
use std::thread;
use std::time::SystemTime;

use cache::StoreError;
use cachebench::{Config, Measured, Report, SCHEMA, Settings};
use indicatif::ProgressBar;
use service::Timestamp;
use tokio::runtime::{self, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::error::Error;
use crate::outcome::Outcome;
use crate::{machine, outputs, progress};
pub(crate) use arguments::CacheBenchArguments;
pub(crate) use marking::MarksError;
use marking::MarksFile;
use subject::{Subject, subjects};

/// Measures the caches and tells. It fails unless all could be measured.
pub(crate) fn run(arguments: &CacheBenchArguments) -> Result<Outcome, Error> {
    for path in arguments.files() {
        outputs::check_place(path).map_err(Error::Place)?;
    }
    let marks = arguments.count_marks.as_deref().map(MarksFile::read).transpose()?;
    let made = Timestamp(SystemTime::now()).to_string();
    let runtime = runtime().map_err(Error::Runtime)?;
    let mut subjects = subjects(&arguments.cache, &arguments.setup());
    if let Some(path) = &arguments.leave_marks {
        return runtime.block_on(leave_marks(&mut subjects, arguments, path));
    }
    let machine = machine::read()?;
    let live = progress::line();
    runtime.block_on(measure(&mut subjects, arguments, marks.as_ref(), &live));
    live.finish_and_clear();
    let report = Report {
        schema: SCHEMA,
        made,
        siftd: env!("CARGO_PKG_VERSION").to_owned(),
        machine,
        settings: Settings { bytes: arguments.bytes, window_seconds: arguments.window.as_secs_f64() },
        caches: subjects.into_iter().map(|subject| subject.report).collect(),
    };
    output::write(&report, arguments)?;
    Ok(Outcome::done_if(report.is_complete()))
}

/// As the service has it.
fn runtime() -> io::Result<Runtime> {
    let workers = thread::available_parallelism().map_or(1, usize::from).max(2);
    runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()
}

/// Writes marks, says so, and stays with everything open until it is killed.
async fn leave_marks(
    subjects: &mut [Subject],
    arguments: &CacheBenchArguments,
    path: &Path,
) -> Result<Outcome, Error> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signal)?;
    let (file, open) = marking::leave(subjects, arguments.marks as usize).await;
    let told = format!(
        "marks are written, as {} says: kill this process ({}) and the servers with SIGKILL, start the servers again, and \
         count with --count-marks\n",
        path.display(),
        std::process::id()
    );
    file.write(path)?;
    outputs::print(told.as_bytes())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    drop(open);
    Ok(Outcome::done_if(subjects.iter().all(Subject::is_reached)))
}

async fn measure(
    subjects: &mut [Subject],
    arguments: &CacheBenchArguments,
    marks: Option<&MarksFile>,
    live: &ProgressBar,
) {
    reach(subjects, live).await;
    if let Some(marks) = marks {
        count_marks(subjects, marks, live).await;
    }
    live.set_message("writing marks in a process that is killed");
    kill_a_writer(subjects, arguments).await;
    let config = Config {
        bytes: arguments.bytes,
        window: arguments.window,
        callers: arguments.callers.clone(),
        scale: arguments.scale.clone(),
    };
    for subject in reached(subjects) {
        let name = subject.report.name.clone();
        let tell = |what: &str| live.set_message(format!("{name}: {what}"));
        match measure_one(subject, &config, &tell).await {
            Ok(measured) => subject.report.add(subject.kind, measured),
            Err(error) => subject.fail(&error),
        }
        tidy(subject).await;
    }
}

/// Those that nothing was wrong with so far.
fn reached(subjects: &mut [Subject]) -> impl Iterator<Item = &mut Subject> {
    subjects.iter_mut().filter(|subject| subject.is_reached())
}

async fn reach(subjects: &mut [Subject], live: &ProgressBar) {
    for subject in subjects {
        live.set_message(format!("reaching {}", subject.report.name));
        let reached = match subject.open() {
            Ok(store) => cachebench::reach(&*store).await,
            Err(error) => Err(error),
        };
        if let Err(error) = reached {
            subject.fail(&error);
        }
    }
}

/// What survived that everything was killed.
async fn count_marks(subjects: &mut [Subject], marks: &MarksFile, live: &ProgressBar) {
    for subject in reached(subjects) {
        live.set_message(format!("counting marks in {}", subject.report.name));
        match marking::count(subject, marks).await {
            Ok(Some(kept)) => subject.report.persistence.server_killed = Some(kept),
            Ok(None) => subject.report.notes.push("it has no marks in the file".to_owned()),
            Err(error) => subject.report.notes.push(format!("marks cannot be counted: {error}")),
        }
        tidy(subject).await;
    }
}

/// What survives that a process of siftd is killed. What siftd keeps has no other server.
async fn kill_a_writer(subjects: &mut [Subject], arguments: &CacheBenchArguments) {
    if reached(subjects).next().is_none() {
        return;
    }
    let urls = reached(subjects).map(|subject| subject.url.to_string()).collect::<Vec<_>>();
    let written = marking::write_and_kill(arguments, &urls);
    for subject in reached(subjects) {
        let counted = match &written {
            Ok(file) => marking::count(subject, file).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match counted {
            Ok(kept) => {
                subject.report.persistence.siftd_killed = kept;
                let server_killed = &mut subject.report.persistence.server_killed;
                if subject.kind.is_embedded() && server_killed.is_none() {
                    *server_killed = kept;
                }
                if kept.is_none() {
                    subject
                        .report
                        .notes
                        .push("what a crash leaves is not known: no marks were written".to_owned());
                }
            }
            Err(error) => subject.report.notes.push(format!("what a crash leaves is not known: {error}")),
        }
        tidy(subject).await;
    }
}

async fn measure_one(
    subject: &Subject,
    config: &Config,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Measured, StoreError> {
    let store = subject.open()?;
    cachebench::reach(&*store).await?;
    let measured = cachebench::measure(&store, config, tell).await?;
    store.close().await?;
    Ok(measured)
}

/// What cannot be removed is left to the next run.
async fn tidy(subject: &mut Subject) {
    if let Err(error) = subject.tidy().await {
        subject.report.notes.push(format!("what was written is not removed: {error}"));
    }
}
