//! Runs the kernels on request and says how long they took; `compare.py` and `draws.py` ask, and run OpenCV in turn,
//! and `instructions.py` counts what it executes.
//!
//! A request is a line of JSON on standard input, a [`Request`]. The answer is one, too: `seconds` and the number of `keypoints`
//! (0 where none are sought), or `error` and the reason, which may be that the machine lacks the instruction set. Scratch memory is
//! kept from request to request, one set for each instruction set, as a service keeps it. Only the kernel is timed, or for a miss
//! everything from the file's bytes to the features.

mod features;
mod request;

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use extract::{Extractor, InstructionSet, Limits};
use serde::Serialize;

use self::request::{Denoise, Detect, Job, Request};

/// No picture of a benchmark is refused.
const LIMITS: Limits = Limits { max_bytes: u64::MAX, max_pixels: u64::MAX };

/// What one instruction set's requests keep.
struct Kernels {
    denoiser: nlm::Denoiser,
    detector: sift::Detector,
    extractor: Extractor,
}

/// How long it took, and the result.
type Timed = Result<(Duration, Outcome), Box<dyn Error>>;

/// What a kernel gives.
enum Outcome {
    Pixels(Vec<u8>),
    Features(sift::Features),
    /// Of a miss the number of keypoints alone.
    Keypoints(usize),
}

impl Outcome {
    fn keypoints(&self) -> usize {
        match self {
            Self::Pixels(_) => 0,
            Self::Features(features) => features.keypoints.len(),
            &Self::Keypoints(count) => count,
        }
    }

    /// As it is written to a file.
    fn into_bytes(self) -> Result<Vec<u8>, &'static str> {
        match self {
            Self::Pixels(pixels) => Ok(pixels),
            Self::Features(features) => Ok(features::bytes(&features)),
            Self::Keypoints(_) => Err("a miss has no output"),
        }
    }
}

impl Kernels {
    fn new(set: InstructionSet) -> Self {
        let (nlm, sift) = match set {
            InstructionSet::Scalar => (nlm::Level::Scalar, sift::Level::Scalar),
            InstructionSet::Avx2 => (nlm::Level::Avx2, sift::Level::Avx2),
            InstructionSet::Avx512 => (nlm::Level::Avx512, sift::Level::Avx512),
        };
        Self {
            denoiser: nlm::Denoiser::with_isa(nlm::Isa::at_most(nlm)),
            detector: sift::Detector::with_isa(sift::Isa::at_most(sift)),
            extractor: Extractor::with_instruction_set(set),
        }
    }

    fn run(&mut self, job: &Job, threads: NonZeroUsize, input: &[u8]) -> Timed {
        match job {
            Job::Denoise(denoise) => self.denoise(denoise, threads, input),
            Job::Detect(detect) => self.detect(detect, threads, input),
            Job::Miss => self.miss(threads, input),
        }
    }

    fn denoise(&mut self, asked: &Denoise, threads: NonZeroUsize, pixels: &[u8]) -> Timed {
        let &Denoise { width, height, channels, strength, template_window, search_window, coloured } = asked;
        let image = nlm::Image::new(pixels, width, height, channels)?;
        let params = nlm::Params { h: strength, template_window, search_window };
        let control = nlm::Control { threads, stop: None };
        let started = Instant::now();
        let clean = if coloured {
            let params = nlm::ColoredParams { luma: params, h_color: params.h };
            self.denoiser.denoise_colored(image, &params, &control)?
        } else {
            self.denoiser.denoise(image, &params, &control)?
        };
        Ok((started.elapsed(), Outcome::Pixels(clean)))
    }

    fn detect(&mut self, asked: &Detect, threads: NonZeroUsize, grey: &[u8]) -> Timed {
        let &Detect { width, height, octave_layers, contrast_threshold, edge_threshold, sigma } = asked;
        let params = sift::Params {
            octave_layers,
            contrast_threshold,
            edge_threshold,
            sigma,
            ..sift::Params::default()
        };
        let control = sift::Control { threads, stop: None };
        let started = Instant::now();
        let found = self.detector.detect(grey, width, height, &params, &control)?;
        Ok((started.elapsed(), Outcome::Features(found)))
    }

    fn miss(&mut self, threads: NonZeroUsize, file: &[u8]) -> Timed {
        let control = extract::Control { threads, ..Default::default() };
        let started = Instant::now();
        let found = self.extractor.extract(file, &extract::Params::default(), &LIMITS, &control)?;
        Ok((started.elapsed(), Outcome::Keypoints(found.features.keypoints.len())))
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Timed { seconds: f64, keypoints: usize },
    Failed { error: String },
}

fn answer(kernels: &mut HashMap<InstructionSet, Kernels>, request: &str) -> Result<Answer, Box<dyn Error>> {
    let Request { job, set, threads, input, output } = serde_json::from_str(request)?;
    let set: InstructionSet = set.parse()?;
    let strongest = InstructionSet::strongest();
    if set > strongest {
        return Err(format!("this machine has {strongest} at most").into());
    }
    let kernels = kernels.entry(set).or_insert_with(|| Kernels::new(set));
    let (took, outcome) = kernels.run(&job, threads, &read(&input)?)?;
    let keypoints = outcome.keypoints();
    if let Some(path) = output {
        fs::write(path, outcome.into_bytes()?)?;
    }
    Ok(Answer::Timed { seconds: took.as_secs_f64(), keypoints })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn main() -> io::Result<()> {
    let mut kernels = HashMap::new();
    let mut out = io::stdout().lock();
    for request in io::stdin().lock().lines() {
        let answer = answer(&mut kernels, &request?);
        let answer = answer.unwrap_or_else(|error| Answer::Failed { error: error.to_string() });
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
