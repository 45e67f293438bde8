//! siftd: SIFT features of images, as a command.
#![forbid(unsafe_code)]

mod arguments;
mod denoise;
mod detect;
mod inputs;
mod outputs;
mod params;
mod progress;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// Some inputs had no features; the others did.
const SOME_FAILED: u8 = 1;
/// The command line asks for what cannot be done.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    quiet_contained_panics();
    let outcome = match Arguments::parse().command {
        Command::Detect(arguments) => detect::run(&arguments),
        Command::Denoise(arguments) => denoise::run(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(SOME_FAILED),
        Err(usage) => {
            eprintln!("error: {usage}");
            ExitCode::from(WRONG_USAGE)
        }
    }
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
