//! `siftd detect`: features of files, folders and standard input.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use extract::siftd::Header;
use extract::{
    Control, EncodeError, ExtractError, Extraction, Extractor, Limits, OutputFormat, Params, Summary,
};

use crate::arguments::DetectArguments;
use crate::inputs::{Input, InputError, inputs, is_single};
use crate::outputs::{Folder, Turnstile, write_file};
use crate::params::params;
use crate::progress::Progress;

/// Inputs, or why there is none, with their numbers.
type Queue<'a> = dyn Iterator<Item = (usize, Result<Input, InputError>)> + Send + 'a;

/// Where the features go.
#[derive(Debug)]
enum Sink {
    /// One after another, in the order of the inputs.
    Stdout(Turnstile),
    File(PathBuf),
    Folder(Folder),
}

/// Why one image gave nothing.
#[derive(Debug, thiserror::Error)]
enum ImageError {
    #[error("{0}")]
    Read(io::Error),
    #[error("{0}")]
    Extract(#[from] ExtractError),
    #[error("{0}")]
    Encode(#[from] EncodeError),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

/// What all threads share.
struct Run<'a> {
    format: OutputFormat,
    params: Params,
    limits: Limits,
    sink: Sink,
    progress: Progress,
    /// The next input and its number.
    queue: Mutex<Box<Queue<'a>>>,
    failed: AtomicBool,
    /// Nobody reads standard output any more.
    closed: AtomicBool,
}

/// Runs the command; `Ok(false)` where some input had no features, `Err` for wrong usage.
pub(crate) fn run(arguments: &DetectArguments) -> Result<bool, String> {
    let params = params(&arguments.denoise, Some(&arguments.sift))?;
    let single = is_single(&arguments.paths);
    let run = Run {
        format: arguments.format,
        params,
        limits: arguments.run.limits(),
        sink: sink(arguments, single)?,
        progress: Progress::new(!single),
        queue: Mutex::new(Box::new(inputs(&arguments.paths).enumerate())),
        failed: AtomicBool::new(false),
        closed: AtomicBool::new(false),
    };
    let threads = arguments.run.threads();
    if single {
        run.work(threads);
    } else {
        thread::scope(|scope| {
            for _ in 0..threads.get() {
                scope.spawn(|| run.work(NonZeroUsize::MIN));
            }
        });
    }
    run.progress.finish();
    Ok(!run.failed.into_inner())
}

fn sink(arguments: &DetectArguments, single: bool) -> Result<Sink, String> {
    let format = arguments.format;
    match &arguments.output {
        Some(output) if single && !output.is_dir() => Ok(Sink::File(output.clone())),
        Some(output) if output.exists() && !output.is_dir() => Err(format!(
            "there are several images, so -o must be a folder, but {} is a file",
            output.display()
        )),
        Some(output) => Ok(Sink::Folder(Folder::new(output))),
        None if single || matches!(format, OutputFormat::Summary | OutputFormat::Json) => {
            Ok(Sink::Stdout(Turnstile::default()))
        }
        None => Err(format!("{format} features of several images need a folder: add -o FOLDER")),
    }
}

impl Run<'_> {
    /// Takes inputs until there are none.
    fn work(&self, threads: NonZeroUsize) {
        let mut extractor = Extractor::new();
        loop {
            let next = self.queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((number, input)) = next else { return };
            if self.closed.load(Ordering::Relaxed) {
                return self.emit(number, Ok(Vec::new()), Path::new(""));
            }
            match input {
                Ok(input) => {
                    let encoded = self.encode(&mut extractor, &input, threads);
                    self.emit(number, encoded.map_err(|error| (input.path.clone(), error)), &input.relative);
                    self.progress.done(input.path.display());
                }
                Err(error) => {
                    self.failed.store(true, Ordering::Relaxed);
                    self.progress.error(error);
                    self.emit(number, Ok(Vec::new()), Path::new(""));
                }
            }
        }
    }

    /// Features of one image, as the bytes to be written.
    fn encode(
        &self,
        extractor: &mut Extractor,
        input: &Input,
        threads: NonZeroUsize,
    ) -> Result<Vec<u8>, ImageError> {
        let bytes = input.read(self.limits.max_bytes).map_err(ImageError::Read)?;
        let control = Control { threads, ..Control::default() };
        let Extraction { features, stages } =
            extractor.extract(&bytes, &self.params, &self.limits, &control)?;
        let mut encoded = Vec::new();
        if self.format == OutputFormat::Summary {
            let summary = Summary::new(&Header::of(&features)?).with_path(&input.path).with_stages(stages);
            summary.write_line(&mut encoded)?;
        } else {
            features.encode(self.format, &mut encoded)?;
        }
        Ok(encoded)
    }

    /// Writes what an input gave, in its turn; nothing to write is skipped.
    fn emit(&self, number: usize, encoded: Result<Vec<u8>, (PathBuf, ImageError)>, relative: &Path) {
        let report = |path: &Path, error: ImageError| {
            self.failed.store(true, Ordering::Relaxed);
            self.progress.error(format_args!("{}: {error}", path.display()));
        };
        let write = |bytes: &[u8]| -> io::Result<()> {
            if bytes.is_empty() {
                return Ok(());
            }
            match &self.sink {
                Sink::Stdout(_) => self.print(bytes),
                Sink::File(path) => write_file(path, bytes),
                Sink::Folder(folder) => folder.write(&self.format.file_name(relative), bytes),
            }
        };
        let act = || match encoded {
            Ok(bytes) => {
                if let Err(error) = write(&bytes) {
                    report(relative, error.into());
                }
            }
            Err((path, error)) => report(&path, error),
        };
        match &self.sink {
            Sink::Stdout(turnstile) => turnstile.pass(number, act),
            Sink::File(_) | Sink::Folder(_) => act(),
        }
    }

    /// Writes to standard output. That nobody reads it any more ends the run, quietly.
    fn print(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            written => written,
        }
    }
}
