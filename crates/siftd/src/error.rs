//! Why a command did not do what it was asked for, and how it ends then.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use extract::{EncodeError, ExtractError, OutputFormat, ParamError, ParamsError};
use loadgen::LoadError;

use crate::cache_bench::MarksError;
use crate::inputs::ReadError;
use crate::outputs::WriteError;
use crate::plan::InstanceError;
use crate::profile::ProfileError;
use crate::settings::SettingsError;
use crate::stderr;

/// Exit code where the command line asks for what cannot be done.
const WRONG_USAGE: u8 = 2;
/// Exit code where what could be done was not.
const FAILED: u8 = 1;

/// Why a command did nothing, or not all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Param(#[from] ParamError),
    #[error(transparent)]
    Params(#[from] ParamsError),
    #[error("{} is the image itself: give -o another name", .0.display())]
    OutputIsInput(PathBuf),
    #[error("the output is a PNG, so its name must end in .png: {}", .0.display())]
    OutputIsNoPng(PathBuf),
    #[error("{} would hold {format}, but its name says {held}", .output.display())]
    OutputSaysOtherwise { output: PathBuf, format: OutputFormat, held: String },
    #[error("the output must be a folder for several images or with a / at its end, but {} is a file", .0.display())]
    OutputIsFile(PathBuf),
    #[error(
        "features of several images go to a folder, but {} is named like a file: end it in /, or name another",
        .0.display()
    )]
    OutputNamedAsFile(PathBuf),
    #[error("{0} features of several images need a folder: add -o FOLDER")]
    NoFolder(OutputFormat),
    #[error("{} is a folder, but denoise takes one image", .0.display())]
    InputIsFolder(PathBuf),
    /// An output that could not be written later.
    #[error(transparent)]
    Place(WriteError),
    #[error("cannot read {}: {error}", .path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("a plan needs {0}")]
    PlanLacks(&'static str),
    #[error(
        "the profile was measured with engine version {version} (siftd {siftd}), but this siftd has version {}: measure again with \
         siftd profile",
        extract::ENGINE_VERSION
    )]
    ProfileOfOtherEngine { version: u32, siftd: String },
    #[error("no service can be set so: {0}")]
    PlannedSettings(SettingsError),
    #[error(transparent)]
    Marks(#[from] MarksError),
    #[error(transparent)]
    Plan(#[from] capacity::Error),
    #[error(transparent)]
    Instance(#[from] InstanceError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error("cannot start the runtime: {0}")]
    Runtime(io::Error),
    #[error("cannot listen to signals: {0}")]
    Signal(io::Error),
    #[error(transparent)]
    Service(#[from] service::Error),
    #[error("cannot read what the system tells of itself: {0}")]
    System(#[from] procfs::ProcError),
    #[error("{}: {error}", .path.display())]
    Image { path: PathBuf, error: ImageError },
    /// A result.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Why one image gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("siftd failed on this image, which is a fault of siftd's own: please report it")]
    Panic,
    #[error(transparent)]
    Extract(#[from] ExtractError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("cannot be written as PNG: {0}")]
    Png(io::Error),
    #[error("cannot write to standard output: {0}")]
    Print(io::Error),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Error {
    /// Whether the same command line would never do, whatever the world is like otherwise.
    fn is_usage(&self) -> bool {
        match self {
            Self::Plan(error) => !matches!(
                error,
                capacity::Error::ObjectiveOutOfReach { .. } | capacity::Error::LossOutOfReach { .. }
            ),
            Self::Load(error) => !matches!(
                error,
                LoadError::Interrupted(_) | LoadError::Connect { .. } | LoadError::WarmUp { .. }
            ),
            Self::Profile(error) => matches!(error, ProfileError::Input(_)),
            Self::Instance(_)
            | Self::Runtime(_)
            | Self::Signal(_)
            | Self::Service(_)
            | Self::System(_)
            | Self::Image { .. }
            | Self::Write(_) => false,
            _ => true,
        }
    }

    /// Tells it on standard error.
    pub(crate) fn tell(&self) -> ExitCode {
        if self.is_usage() {
            stderr::print(format_args!("error: {self}\n"));
            ExitCode::from(WRONG_USAGE)
        } else {
            stderr::tell(self);
            ExitCode::from(FAILED)
        }
    }
}
