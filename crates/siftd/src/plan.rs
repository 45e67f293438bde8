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

use crate::error::Error;
use crate::inputs::STANDARD_STREAM;
use crate::outcome::Outcome;
use crate::outputs;
use crate::settings::{self, Environment, ServeArguments, SettingsError};
pub(crate) use arguments::PlanArguments;
use arguments::{Form, Source};
pub(crate) use instance::InstanceError;

/// Plans and writes the plan.
pub(crate) fn run(arguments: &PlanArguments) -> Result<Outcome, Error> {
    let document = document(arguments)?;
    let text = match arguments.format {
        Form::Text => document.to_text(),
        Form::Markdown => document.to_markdown(),
        Form::Html => document.to_html(),
        Form::Json => outputs::json(&document)?,
    };
    match &arguments.output {
        Some(path) if path != Path::new(STANDARD_STREAM) => outputs::write_file(path, text.as_bytes())?,
        _ => outputs::print(text.as_bytes())?,
    }
    Ok(Outcome::Done)
}

fn document(arguments: &PlanArguments) -> Result<Document, Error> {
    let (profile, name) = match arguments.source()? {
        Source::Seed => return Ok(seed::checked(arguments.asked()?)),
        Source::File(path) => (read_profile(&path)?, path.display().to_string()),
        Source::Instance(url) => {
            let profile = instance::profile(&url)?;
            (profile, format!("of {url}"))
        }
    };
    let workload = arguments.workload()?;
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
    check_settings(&document).map_err(Error::PlannedSettings)?;
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
fn read_profile(path: &Path) -> Result<Profile, Error> {
    let profile = Profile::from_json(&read(path)?)?;
    let &Software { ref siftd, engine_version: version, .. } = &profile.software;
    if version != ENGINE_VERSION {
        return Err(Error::ProfileOfOtherEngine { version, siftd: siftd.clone() });
    }
    Ok(profile)
}

/// The examples, and the user's own beside them.
fn catalogues(paths: &[std::path::PathBuf]) -> Result<Vec<Catalogue>, Error> {
    let mut catalogues = Catalogue::examples()?;
    for path in paths {
        catalogues.push(Catalogue::from_toml(&path.display().to_string(), &read(path)?)?);
    }
    Ok(catalogues)
}

fn read(path: &Path) -> Result<String, Error> {
    let is_stdin = path == Path::new(STANDARD_STREAM);
    let read = if is_stdin { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    read.map_err(|error| Error::Read { path: path.to_path_buf(), error })
}

#[cfg(test)]
mod tests;
