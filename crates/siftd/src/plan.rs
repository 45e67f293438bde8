//! `siftd plan`: what a workload needs, from a profile or a running instance.

mod arguments;
mod instance;
mod load;

use std::fs;
use std::io;
use std::path::Path;

use capacity::plan::Request;
use capacity::prices::Catalogue;
use capacity::profile::Software;
use capacity::report::Document;
use capacity::{Profile, plan::plan, seed};
use extract::ENGINE_VERSION;

use crate::inputs::STANDARD_STREAM;
use crate::outcome::Outcome;
use crate::settings::{self, Environment, ServeArguments, SettingsError};
use crate::{outputs, stderr};
pub(crate) use arguments::PlanArguments;
use arguments::{Form, Source};

/// Plans and writes the plan; it fails where what is asked cannot be met, `Err` for wrong usage.
pub(crate) fn run(arguments: &PlanArguments) -> Result<Outcome, String> {
    let document = match document(arguments) {
        Ok(document) => document,
        Err(Failure::Impossible(error)) => {
            stderr::tell(error);
            return Ok(Outcome::Failed);
        }
        Err(Failure::Usage(error)) => return Err(error),
    };
    let text = match arguments.format {
        Form::Text => document.to_text(),
        Form::Markdown => document.to_markdown(),
        Form::Html => document.to_html(),
        Form::Json => serde_json::to_string_pretty(&document).map_err(|error| error.to_string())? + "\n",
    };
    let written = match &arguments.output {
        Some(path) if path != Path::new(STANDARD_STREAM) => outputs::write_file(path, text.as_bytes()),
        _ => outputs::print(text.as_bytes()),
    };
    Ok(Outcome::Done.if_written(written))
}

/// Why there is no plan.
enum Failure {
    /// What is asked for cannot be had.
    Impossible(String),
    /// What is asked for makes no sense, or a file is not there.
    Usage(String),
}

impl From<capacity::Error> for Failure {
    fn from(error: capacity::Error) -> Self {
        match error {
            capacity::Error::ObjectiveOutOfReach { .. } | capacity::Error::LossOutOfReach { .. } => {
                Self::Impossible(error.to_string())
            }
            error => Self::Usage(error.to_string()),
        }
    }
}

fn document(arguments: &PlanArguments) -> Result<Document, Failure> {
    let (profile, name) = match arguments.source().map_err(Failure::Usage)? {
        Source::Seed => return Ok(seed::checked(arguments.asked().map_err(Failure::Usage)?)),
        Source::File(path) => (read_profile(&path)?, path.display().to_string()),
        Source::Instance(url) => {
            let profile = instance::profile(&url).map_err(Failure::Impossible)?;
            (profile, format!("of {url}"))
        }
    };
    let workload = arguments.workload().map_err(Failure::Usage)?;
    let catalogues = catalogues(&arguments.prices)?;
    let request = Request {
        profile: &profile,
        profile_name: &name,
        workload: &workload,
        setup: arguments.setup(&profile),
        shared: arguments.shared(),
        catalogues: &catalogues,
    };
    let document = plan(&request)?;
    check_settings(&document)
        .map_err(|error| Failure::Usage(format!("no service can be set so: {error}")))?;
    Ok(document)
}

/// Whether `siftd serve` takes the settings that a plan gives.
fn check_settings(document: &Document) -> Result<(), SettingsError> {
    let files = document.sections.iter().flat_map(|section| &section.attachments);
    let lines = files.filter(|file| file.name == ".env").flat_map(|file| file.text.lines());
    let environment: Environment = lines.filter_map(|line| line.split_once('=')).collect();
    settings::load(&ServeArguments::default(), &environment).map(drop)
}

/// A profile of this engine: another one takes other times.
fn read_profile(path: &Path) -> Result<Profile, Failure> {
    let profile = Profile::from_json(&read(path)?)?;
    let Software { siftd, engine_version, .. } = &profile.software;
    if *engine_version != ENGINE_VERSION {
        return Err(Failure::Usage(format!(
            "the profile was measured with engine version {engine_version} (siftd {siftd}), but this siftd has version \
             {ENGINE_VERSION}: measure again with siftd profile"
        )));
    }
    Ok(profile)
}

/// The examples, and the user's own beside them.
fn catalogues(paths: &[std::path::PathBuf]) -> Result<Vec<Catalogue>, Failure> {
    let mut catalogues = Catalogue::examples()?;
    for path in paths {
        catalogues.push(Catalogue::from_toml(&path.display().to_string(), &read(path)?)?);
    }
    Ok(catalogues)
}

fn read(path: &Path) -> Result<String, Failure> {
    let is_stdin = path == Path::new(STANDARD_STREAM);
    let read = if is_stdin { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    read.map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))
}

#[cfg(test)]
mod tests;
