//! `siftd profile`: service times, costs and memory of siftd on this machine, for `siftd plan`.

mod across;
mod arguments;
mod beside;
mod computing;
mod instance;
mod lookups;
mod memory;
mod photographs;
mod placement;
mod requests;
mod stored;
mod summary;
mod undisturbed;

use std::io;
use std::path::PathBuf;

use capacity::Profile;
use capacity::profile::{Contention, PROFILE_VERSION, Software};
use extract::ENGINE_VERSION;

use crate::error::Error;
use crate::outcome::Outcome;
use crate::outputs::{self, WriteError};
use crate::{machine, progress};
pub(crate) use arguments::ProfileArguments;
use undisturbed::Undisturbed;

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProfileError {
    #[error(transparent)]
    Input(#[from] crate::inputs::InputError),
    #[error("{}: {reason}", .path.display())]
    Picture { path: PathBuf, reason: String },
    #[error("no picture has features to measure")]
    NoPictures,
    #[error("cannot run a service to measure: {0}")]
    Instance(io::Error),
    #[error("cannot read what the system tells of itself: {0}")]
    System(#[from] procfs::ProcError),
    #[error("cannot measure: {0}")]
    Io(#[from] io::Error),
    #[error("requests cannot be measured: {0}")]
    Load(#[from] loadgen::LoadError),
    #[error("{failed} of {sent} requests were not answered: nothing else may run on the machine meanwhile")]
    Unanswered { failed: u64, sent: u64 },
    #[error("the cache cannot be measured: {0}")]
    Cache(#[from] cache::StoreError),
    #[error("the cache lost an entry while it was measured: it must not be full")]
    Lost,
    #[error(transparent)]
    Capacity(#[from] capacity::Error),
}

/// Measures and writes the profile.
pub(crate) fn run(arguments: &ProfileArguments) -> Result<Outcome, Error> {
    let params = arguments.features.params()?;
    if let Some(path) = &arguments.output {
        outputs::check_place(path).map_err(Error::Place)?;
    }
    let profile = measure(arguments, &params)?;
    let json = profile.to_json().map_err(ProfileError::from)? + "\n";
    write(&profile, &json, arguments)?;
    Ok(Outcome::Done)
}

fn measure(arguments: &ProfileArguments, params: &extract::Params) -> Result<Profile, ProfileError> {
    let live = progress::line();
    let tell = |what: &str| live.set_message(what.to_owned());
    tell("reading the pictures");
    let classes = photographs::classes(&arguments.images, arguments.classes.into())?;
    let machine = machine::read()?;
    let mut undisturbed = Undisturbed::new();
    let counts = computing::thread_counts(machine.cores);
    tell("computing pictures");
    let pictures = computing::measure(&classes, &counts, params, arguments.samples, &mut undisturbed)?;
    tell("computing several pictures at a time");
    let across_pictures = across::measure(&classes, &counts, params, arguments.window, &mut undisturbed)?;
    let within_picture = computing::within_picture(&pictures, &counts)?;
    tell("answering requests");
    let mut requests = requests::measure(&classes, arguments.window, &mut undisturbed)?;
    tell("answering requests beside computing");
    requests.profiles.hits_beside = beside::measure(&arguments.images, arguments.window, &mut undisturbed)?;
    tell("taking memory");
    let memory = memory::measure(&classes)?;
    let stored = stored::measure(&classes, params)?;
    if let Some(url) = &arguments.cache {
        tell("looking up in the shared cache");
        let keypoints: f64 = pictures.iter().map(|picture| picture.keypoints).sum();
        let value_bytes = stored.bytes(keypoints / pictures.len().max(1) as f64) as usize;
        let authorities = arguments.cache_ca.clone();
        let (backend, lookup) =
            lookups::measure(url, authorities, value_bytes, arguments.window, &mut undisturbed)?;
        requests.profiles.shared_lookups.insert(backend, lookup);
    }
    live.finish_and_clear();
    let fingerprint = params.fingerprint();
    let profile = Profile {
        version: PROFILE_VERSION,
        made: requests.made,
        machine,
        stolen: undisturbed.stolen(),
        software: Software {
            siftd: env!("CARGO_PKG_VERSION").to_owned(),
            engine_version: ENGINE_VERSION,
            parameters: fingerprint.iter().map(|byte| format!("{byte:02x}")).collect(),
            niceness: engine::Config::default().niceness,
        },
        pictures,
        requests: requests.profiles,
        contention: Contention { across_pictures, within_picture, hits: None },
        memory,
        stored,
    };
    profile.validate()?;
    Ok(profile)
}

/// The profile, or where it has a file of its own, its summary. What can't be written to the file is printed, as it took long to get.
fn write(profile: &Profile, json: &str, arguments: &ProfileArguments) -> Result<(), WriteError> {
    let Some(path) = &arguments.output else { return outputs::print(json.as_bytes()) };
    match outputs::write_file(path, json.as_bytes()) {
        Ok(()) => outputs::print(summary::text(profile).as_bytes()),
        Err(error) => outputs::print(json.as_bytes()).and(Err(error)),
    }
}
