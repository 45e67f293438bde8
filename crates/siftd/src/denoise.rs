//! `siftd denoise`: the denoised picture itself.

use std::path::Path;

use extract::Control;

use crate::arguments::DenoiseCommandArguments;
use crate::inputs::{Input, STANDARD_STREAM};
use crate::outcome::Outcome;
use crate::outputs::{is_same_file, print, write_file};
use crate::stderr;

/// Runs the command; it fails where the input is no picture, `Err` for wrong usage.
pub(crate) fn run(arguments: &DenoiseCommandArguments) -> Result<Outcome, String> {
    let params = arguments.denoise.params()?;
    let DenoiseCommandArguments { input, output, run, .. } = arguments;
    let to_stdout = output == Path::new(STANDARD_STREAM);
    if !to_stdout && !output.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
        return Err(format!("the output is a PNG, so its name must end in .png: {}", output.display()));
    }
    if is_same_file(input, output) {
        return Err(format!("{} is the image itself: give -o another name", output.display()));
    }
    if input.is_dir() {
        return Err(format!("{} is a folder, but denoise takes one image", input.display()));
    }
    let denoise = || -> Result<(), Box<dyn std::error::Error>> {
        let limits = run.limits();
        let bytes = Input::file(input).read(limits.max_bytes)?;
        let control = Control { threads: run.threads(), ..Control::default() };
        let png = run.extractor().denoise(&bytes, &params, &limits, &control)?.to_png()?;
        if to_stdout {
            print(&png)?;
        } else {
            write_file(output, &png)?;
        }
        Ok(())
    };
    if let Err(error) = denoise() {
        stderr::tell(format_args!("{}: {error}", input.display()));
        return Ok(Outcome::Failed);
    }
    Ok(Outcome::Done)
}
