//! `siftd detect`: features of files, folders and standard input.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use extract::siftd::Header;
use extract::{Control, EncodeError, Extraction, Extractor, Limits, OutputFormat, Params, Summary};

use crate::arguments::{DetectArguments, RunArguments};
use crate::error::{Error, ImageError};
use crate::inputs::{Input, InputError, STANDARD_STREAM, inputs, is_single};
use crate::outcome::Outcome;
use crate::outputs::{TakenNames, Turnstile, is_same_file, write_file, write_file_below};
use crate::progress::Progress;

/// Inputs, or why there is none, with their numbers.
type Queue<'a> = dyn Iterator<Item = (usize, Result<Input, Failure>)> + Send + 'a;

/// Where the features go.
#[derive(Debug)]
enum Sink {
    /// One after another, in the order of the inputs.
    Stdout(Turnstile),
    File(PathBuf),
    Folder(PathBuf),
}

/// Why one input gave nothing, with its path.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Input(#[from] InputError),
    #[error(
        "{}: its features would go to {}, as those of another image do: name one of the images otherwise, or put it in a folder of its own",
        .path.display(), .output.display()
    )]
    NameTaken { path: PathBuf, output: PathBuf },
    #[error("{}: {error}", .path.display())]
    Image { path: PathBuf, error: ImageError },
}

/// What all threads share.
struct Run<'a> {
    arguments: &'a RunArguments,
    format: OutputFormat,
    params: Params,
    limits: Limits,
    sink: Sink,
    /// Whether features have to say whose they are.
    tells_paths: bool,
    progress: Progress,
    /// The next input and its number.
    queue: Mutex<Box<Queue<'a>>>,
    failed: AtomicBool,
    /// Nobody reads standard output any more.
    closed: AtomicBool,
}

/// Runs the command; it fails where some input had no features, `Err` for wrong usage.
pub(crate) fn run(arguments: &DetectArguments) -> Result<Outcome, Error> {
    let params = arguments.features.params()?;
    let single = is_single(&arguments.paths);
    let format = format(arguments, single)?;
    let sink = sink(arguments, format, single)?;
    let run = Run {
        arguments: &arguments.run,
        format,
        params,
        limits: arguments.run.limits(),
        progress: Progress::new(!single),
        queue: Mutex::new(queue(arguments, format, &sink)),
        tells_paths: !single && matches!(sink, Sink::Stdout(_)),
        sink,
        failed: AtomicBool::new(false),
        closed: AtomicBool::new(false),
    };
    let threads = arguments.run.threads();
    if single {
        run.work(threads);
    } else {
        thread::scope(|scope| {
            let more = (1..threads.get()).map(|_| {
                let thread = thread::Builder::new();
                thread.spawn_scoped(scope, || run.work(NonZeroUsize::MIN)).is_ok()
            });
            // Where the system gives no more threads, those that there are do the work.
            more.take_while(|started| *started).for_each(drop);
            run.work(NonZeroUsize::MIN);
        });
    }
    run.progress.finish();
    Ok(Outcome::done_if(!run.failed.into_inner()))
}

/// As it is asked for, or as the name of the output says.
fn format(arguments: &DetectArguments, single: bool) -> Result<OutputFormat, Error> {
    let output = arguments.output.as_deref().filter(|output| single && !names_folder(output));
    let held = output.and_then(held_by_name).unwrap_or(&OutputFormat::ALL);
    match (arguments.format, output) {
        (Some(format), Some(output)) if !held.contains(&format) => {
            let held: Vec<&str> = held.iter().map(|held| held.name()).collect();
            let (output, held) = (output.to_path_buf(), held.join(" or "));
            Err(Error::OutputSaysOtherwise { output, format, held })
        }
        (Some(format), _) => Ok(format),
        (None, _) => Ok(held.first().copied().unwrap_or_default()),
    }
}

/// The formats that a file of this name holds; none if it does not say.
fn held_by_name(output: &Path) -> Option<&'static [OutputFormat]> {
    let ending = output.extension()?.to_str()?.to_ascii_lowercase();
    match &ending[..] {
        "npz" => Some(&[OutputFormat::Npz]),
        "siftd" => Some(&[OutputFormat::Siftd]),
        "json" => Some(&[OutputFormat::Summary, OutputFormat::Json]),
        _ => None,
    }
}

fn sink(arguments: &DetectArguments, format: OutputFormat, single: bool) -> Result<Sink, Error> {
    match arguments.output.as_deref().filter(|output| *output != Path::new(STANDARD_STREAM)) {
        Some(output) if single && !names_folder(output) => {
            if arguments.paths.iter().any(|input| is_same_file(input, output)) {
                return Err(Error::OutputIsInput(output.to_path_buf()));
            }
            Ok(Sink::File(output.to_path_buf()))
        }
        Some(output) if output.exists() && !output.is_dir() => Err(Error::OutputIsFile(output.to_path_buf())),
        Some(output) if !names_folder(output) && held_by_name(output).is_some() => {
            Err(Error::OutputNamedAsFile(output.to_path_buf()))
        }
        Some(output) => Ok(Sink::Folder(output.to_path_buf())),
        None if single || matches!(format, OutputFormat::Summary | OutputFormat::Json) => {
            Ok(Sink::Stdout(Turnstile::default()))
        }
        None => Err(Error::NoFolder(format)),
    }
}

/// A folder that is there, or is to be because the name says so.
fn names_folder(output: &Path) -> bool {
    output.is_dir() || output.as_os_str().as_encoded_bytes().last() == Some(&b'/')
}

/// All inputs. Output names are given out in their order, so that which of two images keeps a name is no matter of time.
fn queue<'a>(arguments: &'a DetectArguments, format: OutputFormat, sink: &Sink) -> Box<Queue<'a>> {
    let inputs = inputs(&arguments.paths).map(|input| Ok(input?));
    let Sink::Folder(folder) = sink else { return Box::new(inputs.enumerate()) };
    let (folder, mut taken) = (folder.clone(), TakenNames::default());
    let named = inputs.map(move |input: Result<Input, Failure>| {
        let input = input?;
        let name = format.file_name(&input.relative);
        if taken.take(&name) {
            Ok(input)
        } else {
            Err(Failure::NameTaken { path: input.path, output: folder.join(name) })
        }
    });
    Box::new(named.enumerate())
}

impl Run<'_> {
    /// Takes inputs until there are none, or nobody wants their features.
    fn work(&self, threads: NonZeroUsize) {
        let mut extractor = self.arguments.extractor();
        while !self.closed.load(Ordering::Relaxed) {
            let next = self.queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((number, input)) = next else { return };
            let encoded = input.and_then(|input| {
                // A panic must not keep the inputs after this one waiting for their turn.
                let encode = AssertUnwindSafe(|| self.encode(&mut extractor, &input, threads));
                let encoded = panic::catch_unwind(encode).unwrap_or_else(|_| {
                    extractor = self.arguments.extractor();
                    Err(ImageError::Panic)
                });
                match encoded {
                    Ok(bytes) => Ok((input, bytes)),
                    Err(error) => Err(Failure::Image { path: input.path, error }),
                }
            });
            self.emit(number, encoded);
        }
    }

    /// Features of one image, as the bytes to be written.
    fn encode(
        &self,
        extractor: &mut Extractor,
        input: &Input,
        threads: NonZeroUsize,
    ) -> Result<Vec<u8>, ImageError> {
        let bytes = input.read(self.limits.max_bytes)?;
        let control = Control { threads, ..Control::default() };
        let Extraction { features, stages } =
            extractor.extract(&bytes, &self.params, &self.limits, &control)?;
        let mut encoded = Vec::new();
        match self.format {
            OutputFormat::Summary => {
                let summary =
                    Summary::new(&Header::of(&features)?).with_path(&input.path).with_stages(stages);
                summary.write_line(&mut encoded).map_err(EncodeError::Write)?;
            }
            OutputFormat::Json if self.tells_paths => features.encode_json_of(&input.path, &mut encoded)?,
            format => features.encode(format, &mut encoded)?,
        }
        Ok(encoded)
    }

    /// Writes what an input gave, or tells why it gave nothing, in its turn.
    fn emit(&self, number: usize, encoded: Result<(Input, Vec<u8>), Failure>) {
        let act = || {
            let written = encoded.and_then(|(input, bytes)| match self.write(&input, &bytes) {
                Ok(()) => {
                    self.progress.done(input.path.display());
                    Ok(())
                }
                Err(error) => Err(Failure::Image { path: input.path, error }),
            });
            if let Err(failure) = written {
                self.failed.store(true, Ordering::Relaxed);
                self.progress.error(failure);
            }
        };
        match &self.sink {
            Sink::Stdout(turnstile) => turnstile.pass(number, act),
            Sink::File(_) | Sink::Folder(_) => act(),
        }
    }

    fn write(&self, input: &Input, bytes: &[u8]) -> Result<(), ImageError> {
        match &self.sink {
            Sink::Stdout(_) => self.print(bytes).map_err(ImageError::Print)?,
            Sink::File(path) => write_file(path, bytes)?,
            Sink::Folder(folder) => {
                write_file_below(folder, &self.format.file_name(&input.relative), bytes)?;
            }
        }
        Ok(())
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
