//! siftd: SIFT features of images, as a command and as a service.
#![forbid(unsafe_code)]
#![deny(clippy::print_stderr)]

mod allocator;
mod arguments;
mod cache_bench;
mod child_process;
mod control_groups;
mod denoise;
mod detect;
mod doctor;
mod duration;
mod error;
mod health;
mod host;
mod http;
mod inputs;
mod load;
mod machine;
mod outcome;
mod outputs;
mod params;
mod plan;
mod profile;
mod progress;
mod serve;
mod settings;
mod stderr;
mod steal;
mod stores;
mod tcp;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use error::Error;
use outcome::Outcome;
use settings::{Environment, ServeArguments};

fn main() -> ExitCode {
    quiet_contained_panics();
    child_process::end_with_parent();
    let outcome = match Arguments::parse().command {
        Command::Detect(arguments) => detect::run(&arguments),
        Command::Denoise(arguments) => denoise::run(&arguments),
        Command::Serve(arguments) => serve(&arguments),
        Command::Health(arguments) => health::run(arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Profile(arguments) => {
            // As the service does, whose memory it measures.
            allocator::give_back_large_blocks();
            profile::run(&arguments)
        }
        Command::Plan(arguments) => plan::run(&arguments),
        Command::CacheBench(arguments) => {
            // As the service does, whose memory tier it measures.
            allocator::give_back_large_blocks();
            cache_bench::run(&arguments)
        }
    };
    outcome.map_or_else(|error| error.tell(), ExitCode::from)
}

/// Serves, or shows with which settings it would.
fn serve(arguments: &ServeArguments) -> Result<Outcome, Error> {
    if !arguments.print_config() {
        allocator::give_back_large_blocks();
    }
    let settings = settings::load(arguments, &Environment::of_process())?;
    for warning in &settings.warnings {
        stderr::tell(warning);
    }
    if arguments.print_config() {
        outputs::print(settings.to_string().as_bytes())?;
        return Ok(Outcome::Done);
    }
    serve::run(settings.config)
}

/// A decoder that panics over a bad file is reported as an error of that file, not as a crash of siftd.
fn quiet_contained_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !extract::panic_is_contained() {
            default(info);
        }
    }));
}
