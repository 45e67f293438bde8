//! `siftd denoise`: the denoised picture itself.

use std::path::Path;

use extract::Control;

use crate::arguments::DenoiseCommandArguments;
use crate::error::{Error, ImageError};
use crate::inputs::{Input, STANDARD_STREAM};
use crate::outcome::Outcome;
use crate::outputs::{is_same_file, print, write_file};

/// Runs the command.
pub(crate) fn run(arguments: &DenoiseCommandArguments) -> Result<Outcome, Error> {
    let params = arguments.denoise.params()?;
    let DenoiseCommandArguments { input, output, run, .. } = arguments;
    let to_stdout = output == Path::new(STANDARD_STREAM);
    if !to_stdout && !output.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
        return Err(Error::OutputIsNoPng(output.clone()));
    }
    if is_same_file(input, output) {
        return Err(Error::OutputIsInput(output.clone()));
    }
    if input.is_dir() {
        return Err(Error::InputIsFolder(input.clone()));
    }
    let denoise = || -> Result<(), ImageError> {
        let limits = run.limits();
        let bytes = Input::file(input).read(limits.max_bytes)?;
        let control = Control { threads: run.threads(), ..Control::default() };
        let picture = run.extractor().denoise(&bytes, &params, &limits, &control)?;
        let png = picture.to_png().map_err(ImageError::Png)?;
        if to_stdout {
            print(&png)?;
        } else {
            write_file(output, &png)?;
        }
        Ok(())
    };
    denoise().map_err(|error| Error::Image { path: input.clone(), error })?;
    Ok(Outcome::Done)
}
