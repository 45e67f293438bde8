//! Marks: entries that are written before a process is killed, and counted after it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;

use cache::{Store, StoreError};
use cachebench::{Kept, LAST_MOMENT, Marks};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::CacheBenchArguments;
use super::subject::Subject;
use crate::child_process;
use crate::outputs::{self, WriteError};

/// Names the form of the file.
const SCHEMA: &str = "siftd-cache-bench-marks/1";

/// What stands in the file of `--leave-marks`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarksFile {
    schema: String,
    caches: Vec<Marked>,
}

/// A cache with its marks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    /// Its URL, the password masked.
    url: String,
    marks: Marks,
}

/// A file of marks that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", .path.display())]
pub(crate) struct MarksError {
    path: PathBuf,
    fault: MarksFault,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
enum MarksFault {
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error(transparent)]
    Syntax(#[from] serde_json::Error),
    #[error("it is not of the form {SCHEMA}")]
    Form,
}

impl MarksFile {
    pub(super) fn read(path: &Path) -> Result<Self, MarksError> {
        let of_file = |fault| MarksError { path: path.to_path_buf(), fault };
        let text = fs::read(path).map_err(|error| of_file(error.into()))?;
        let file: Self = serde_json::from_slice(&text).map_err(|error| of_file(error.into()))?;
        if file.schema == SCHEMA { Ok(file) } else { Err(of_file(MarksFault::Form)) }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), WriteError> {
        let json = serde_json::to_vec(self).map_err(|error| WriteError::new(path, error.into()))?;
        outputs::write_file(path, &json)
    }

    /// Those of a cache.
    pub(super) fn of(&self, url: &str) -> Option<Marks> {
        self.caches.iter().find(|marked| marked.url == url).map(|marked| marked.marks)
    }
}

/// Writes marks to all that can be reached: half of them, and after a while the other half, to all at once. What is opened
/// stays so.
pub(super) async fn leave(subjects: &mut [Subject], count: usize) -> (MarksFile, Vec<Arc<dyn Store>>) {
    let mut marked = Vec::new();
    for (index, subject) in subjects.iter_mut().enumerate() {
        match begin(subject, count / 2).await {
            Ok((store, marks)) => marked.push((index, store, marks)),
            Err(error) => subject.fail(&error),
        }
    }
    tokio::time::sleep(LAST_MOMENT).await;
    let mut writing = JoinSet::new();
    let stores = marked.iter().map(|(_, store, _)| Arc::clone(store)).collect();
    for (index, store, mut marks) in marked {
        writing.spawn(async move {
            let written = marks.write(&*store, count - count / 2).await;
            (index, marks, written)
        });
    }
    let mut caches = Vec::new();
    while let Some(written) = writing.join_next().await {
        // One that panicked has said so.
        let Ok((index, marks, written)) = written else { continue };
        let Some(subject) = subjects.get_mut(index) else { continue };
        if let Err(error) = written {
            subject.fail(&error);
        }
        caches.push(Marked { url: subject.report.url.clone(), marks });
    }
    (MarksFile { schema: SCHEMA.to_owned(), caches }, stores)
}

async fn begin(subject: &Subject, count: usize) -> Result<(Arc<dyn Store>, Marks), StoreError> {
    let store = subject.open()?;
    cachebench::reach(&*store).await?;
    let mut marks = Marks::new();
    marks.write(&*store, count).await?;
    Ok((store, marks))
}

/// Counts the marks of a cache, and removes them; none where it has none.
pub(super) async fn count(subject: &Subject, file: &MarksFile) -> Result<Option<Kept>, StoreError> {
    let Some(marks) = file.of(&subject.report.url) else { return Ok(None) };
    let store = subject.open()?;
    let kept = marks.count(&*store).await;
    let closed = store.close().await;
    kept.and_then(|kept| closed.map(|()| Some(kept)))
}

/// Has another process of siftd write marks, and kills it as soon as it has.
pub(super) fn write_and_kill(
    arguments: &CacheBenchArguments,
    urls: &[String],
) -> Result<MarksFile, KillError> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("marks.json");
    let mut writer = Writer::start(arguments, urls, &path)?;
    writer.wait_until_written()?;
    drop(writer);
    Ok(MarksFile::read(&path)?)
}

/// Why no process wrote marks and was killed.
#[derive(Debug, thiserror::Error)]
pub(super) enum KillError {
    #[error(transparent)]
    Process(#[from] io::Error),
    #[error(transparent)]
    Marks(#[from] MarksError),
}

/// The other process. It is killed when this is dropped.
struct Writer(Child);

impl Writer {
    fn start(arguments: &CacheBenchArguments, urls: &[String], path: &Path) -> io::Result<Self> {
        let mut command = child_process::command()?;
        // In a variable, as passwords are not for the list of processes.
        command.env("SIFTD_CACHE", urls.join("\n"));
        command.arg("cache-bench").args(arguments.of_writer()).arg("--leave-marks").arg(path);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().map(Self)
    }

    /// It says so, in a line.
    fn wait_until_written(&mut self) -> io::Result<()> {
        let stdout = self.0.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line.is_empty() { Err(io::Error::other("the process that writes marks ended")) } else { Ok(()) }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // One that has ended by itself is as good as killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
