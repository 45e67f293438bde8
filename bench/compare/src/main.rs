//! Runs the kernels on request and says how long they took; `compare.py` asks, and runs OpenCV in turn.
//!
//! A request is a line on standard input, its fields separated by tabs: what to run (one of [`DENOISINGS`], `sift`, `miss`),
//! the strongest instruction set to use, the number of threads, and the path of an image. The answer is a line: seconds
//! and the number of keypoints (0 where none are sought), or `error` and the reason, which may be that the machine lacks
//! the set. Scratch memory is kept from request to request, one set for each instruction set, as a service keeps it. Only
//! the kernel is timed, or for `miss` everything from the file's bytes to the features.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead, Write};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use extract::{Bgr, Extractor, InstructionSet, Limits, decode};

/// No picture of a benchmark is refused.
const LIMITS: Limits = Limits { max_bytes: u64::MAX, max_pixels: u64::MAX };

/// Template and search windows and the strength; whether channels are denoised together, not as lightness and colour.
const DENOISINGS: [(&str, u32, u32, f32, bool); 5] = [
    ("nlm7", 7, 21, 10.0, false),
    ("nlm7-strong", 7, 21, 30.0, false),
    ("nlm9", 9, 15, 10.0, false),
    ("nlm7-together", 7, 21, 10.0, true),
    ("nlm100", 100, 50, 10.0, false),
];

/// What one instruction set's requests keep.
struct Kernels {
    denoiser: nlm::Denoiser,
    detector: sift::Detector,
    extractor: Extractor,
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

    fn denoise(&mut self, bgr: &Bgr, params: nlm::Params, together: bool, threads: NonZeroUsize) -> Timed {
        let image = nlm::Image::new(bgr.pixels(), bgr.width(), bgr.height(), 3)?;
        let control = nlm::Control { threads, stop: None };
        let started = Instant::now();
        if together {
            self.denoiser.denoise(image, &params, &control)?;
        } else {
            let params = nlm::ColoredParams { luma: params, h_color: params.h };
            self.denoiser.denoise_colored(image, &params, &control)?;
        }
        Ok((started.elapsed(), 0))
    }

    fn detect(&mut self, bgr: &Bgr, threads: NonZeroUsize) -> Timed {
        // Pictures for this are grey, whose channels are the same.
        let grey: Vec<u8> = bgr.pixels().iter().copied().step_by(3).collect();
        let control = sift::Control { threads, stop: None };
        let started = Instant::now();
        let found =
            self.detector.detect(&grey, bgr.width(), bgr.height(), &sift::Params::default(), &control)?;
        Ok((started.elapsed(), found.keypoints.len()))
    }

    fn miss(&mut self, bytes: &[u8], threads: NonZeroUsize) -> Timed {
        let control = extract::Control { threads, ..Default::default() };
        let started = Instant::now();
        let found = self.extractor.extract(bytes, &extract::Params::default(), &LIMITS, &control)?;
        Ok((started.elapsed(), found.features.keypoints.len()))
    }

    fn run(&mut self, what: &str, threads: NonZeroUsize, path: &str) -> Timed {
        let bytes = fs::read(path)?;
        match what {
            "sift" => self.detect(&decode(&bytes, &LIMITS)?, threads),
            "miss" => self.miss(&bytes, threads),
            _ => {
                let named = DENOISINGS.into_iter().find(|(name, ..)| *name == what);
                let (_, template_window, search_window, h, together) =
                    named.ok_or_else(|| format!("{what} is no kernel: sift, miss and denoisings are"))?;
                let params = nlm::Params { h, template_window, search_window };
                self.denoise(&decode(&bytes, &LIMITS)?, params, together, threads)
            }
        }
    }
}

/// How long it took, and how many keypoints there were.
type Timed = Result<(Duration, usize), Box<dyn Error>>;

fn answer(kernels: &mut HashMap<InstructionSet, Kernels>, request: &str) -> Timed {
    let fields: Vec<&str> = request.split('\t').collect();
    let [what, set, threads, path] = fields[..] else {
        return Err("a request has four fields".into());
    };
    let set: InstructionSet = set.parse()?;
    let strongest = InstructionSet::strongest();
    if set > strongest {
        return Err(format!("this machine has {strongest} at most").into());
    }
    kernels.entry(set).or_insert_with(|| Kernels::new(set)).run(what, threads.parse()?, path)
}

fn main() -> io::Result<()> {
    let mut kernels = HashMap::new();
    let mut out = io::stdout().lock();
    for request in io::stdin().lock().lines() {
        match answer(&mut kernels, &request?) {
            Ok((took, keypoints)) => writeln!(out, "{:.9} {keypoints}", took.as_secs_f64())?,
            Err(error) => writeln!(out, "error {error}")?,
        }
        out.flush()?;
    }
    Ok(())
}
