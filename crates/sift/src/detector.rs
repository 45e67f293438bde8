//! The whole of SIFT over one image.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use crate::descriptor::{Describer, root};
use crate::extrema::Scanner;
use crate::gaussian::Kernels;
use crate::isa::Isa;
use crate::octave::{BORDER, Reach, octave_count};
use crate::orientation::orientations;
use crate::patch::Patch;
use crate::refine::{Extremum, Outcome, Refined};
use crate::retain::{Feature, retain};
use crate::strip::{Octave, Source, Strip, StripMemory};
use crate::{Control, Descriptor, Descriptors, Error, Features, Keypoint, Params, descriptor, orientation};

/// Rows between two looks at [`Control::stop`].
const ROWS_BETWEEN_STOPS: usize = 16;

/// Fewest rows of a band for which a thread of its own pays.
const MIN_BAND: usize = 64;

/// Finds features in images one after another, keeping its scratch memory between them.
///
/// ```
/// use sift::{Control, Detector, Params};
///
/// // A bright disc on a dark ground.
/// let side = 64_i32;
/// let grey: Vec<u8> = (0..side * side)
///     .map(|i| if (i % side - 32).pow(2) + (i / side - 32).pow(2) < 50 { 200 } else { 20 })
///     .collect();
/// let found = Detector::new().detect(&grey, 64, 64, &Params::default(), &Control::default())?;
/// assert!(!found.keypoints.is_empty());
/// assert_eq!(found.descriptors.len(), found.keypoints.len());
/// # Ok::<(), sift::Error>(())
/// ```
#[derive(Debug)]
pub struct Detector {
    isa: Isa,
    workers: Vec<Worker>,
    /// Level 0 of the octave at work, but for the first, and of the next one.
    base: Vec<f32>,
    next_base: Vec<f32>,
}

impl Default for Detector {
    fn default() -> Self {
        Self::with_isa(Isa::detect())
    }
}

/// What one thread needs.
#[derive(Debug, Default)]
struct Worker {
    strip: StripMemory,
    scanner: Scanner,
    finder: Finder,
}

/// Takes extrema to features.
#[derive(Debug, Default)]
struct Finder {
    patch: Patch,
    describer: Describer,
    features: Vec<Feature>,
    escaped: Vec<Extremum>,
    /// Time spent on descriptors, and on everything.
    describing: Duration,
    working: Duration,
}

impl Detector {
    /// A detector without scratch memory yet, for the strongest instruction set of this machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same for a given instruction set; what is found is the same.
    pub fn with_isa(isa: Isa) -> Self {
        Self { isa, workers: Vec::new(), base: Vec::new(), next_base: Vec::new() }
    }

    /// Features of a grey image of `height` rows of `width` bytes, as `detectAndCompute` of `cv2.SIFT_create` gives
    /// them. Where `max_features` leaves some out, the others stay in order of their position.
    ///
    /// # Errors
    /// [`Error::Params`] for a parameter out of range, [`Error::BufferSize`] where the buffer's length is not
    /// `width * height`, [`Error::Stopped`] when `control.stop` said so.
    pub fn detect(
        &mut self,
        grey: &[u8],
        width: usize,
        height: usize,
        params: &Params,
        control: &Control<'_>,
    ) -> Result<Features, Error> {
        params.validate()?;
        let expected = width.saturating_mul(height);
        if grey.len() != expected {
            return Err(Error::BufferSize { width, height, expected, actual: grey.len() });
        }
        let kernels = Kernels::new(params);
        let patch = |scale| descriptor::radius(scale).max(orientation::radius(scale));
        let reach = Reach::new(params, &kernels, patch);
        for Worker { finder, .. } in &mut self.workers {
            finder.features.clear();
            (finder.describing, finder.working) = Default::default();
        }
        for index in 0..octave_count(width, height) {
            let source = if index == 0 {
                Source::Image { grey, width, precise: params.precise_upscale }
            } else {
                Source::Octave { base: &self.base }
            };
            let (width, height) = ((2 * width) >> index, (2 * height) >> index);
            let octave =
                Octave { index, width, height, source, kernels: &kernels, reach: &reach, isa: self.isa };
            self.next_base.resize((width / 2) * (height / 2), 0.0);
            run_bands(octave, params, control, &mut self.workers, &mut self.next_base)?;
            std::mem::swap(&mut self.base, &mut self.next_base);
        }
        let mut features: Vec<Feature> =
            self.workers.iter_mut().flat_map(|worker| worker.finder.features.drain(..)).collect();
        retain(&mut features, params.max_features as usize);
        Ok(finish(&features, params.descriptor))
    }
}

impl Detector {
    /// Share of the last call's work that went into descriptors, from 0 to 1: detection and description are one pass,
    /// each keypoint being described as soon as it is found.
    pub fn describing_share(&self) -> f64 {
        let sum = |of: fn(&Finder) -> Duration| -> f64 {
            self.workers.iter().map(|worker| of(&worker.finder).as_secs_f64()).sum()
        };
        let working = sum(|finder| finder.working);
        if working > 0.0 { sum(|finder| finder.describing) / working } else { 0.0 }
    }
}

/// Divides an octave into bands of rows, one a thread; each band's thread fills its rows of the next octave's base.
fn run_bands(
    octave: Octave<'_>,
    params: &Params,
    control: &Control<'_>,
    workers: &mut Vec<Worker>,
    next_base: &mut [f32],
) -> Result<(), Error> {
    let bands = control.threads.get().min(octave.height.div_ceil(MIN_BAND)).max(1);
    // Even starts, as every second row goes to the next octave.
    let rows = (octave.height.div_ceil(bands) + 1) & !1;
    if workers.len() < bands {
        workers.resize_with(bands, Worker::default);
    }
    let next_rows = (rows / 2 * (octave.width / 2)).max(1);
    let mut tasks =
        workers.iter_mut().zip(next_base.chunks_mut(next_rows)).enumerate().map(|(i, (worker, next))| {
            let band = i * rows..((i + 1) * rows).min(octave.height);
            move || worker.run(octave, band, params, control, next)
        });
    let Some(own) = tasks.next() else { return Ok(()) };
    thread::scope(|scope| {
        let others: Vec<_> = tasks.map(|task| scope.spawn(task)).collect();
        let mut result = own();
        for other in others {
            result = result.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        result
    })
}

impl Worker {
    /// Finds the features whose extrema lie in a band of rows.
    fn run(
        &mut self,
        octave: Octave<'_>,
        band: Range<usize>,
        params: &Params,
        control: &Control<'_>,
        next_base: &mut [f32],
    ) -> Result<(), Error> {
        let started = Instant::now();
        let Self { strip, scanner, finder } = self;
        let mut strip = Strip::new(octave, strip);
        let layers = params.octave_layers as usize;
        let threshold = (0.5 * params.contrast_threshold / layers as f64 * 255.0).floor() as f32;
        let scanned = band.start.max(BORDER)..band.end.min(octave.height - BORDER);
        let mut next_rows = next_base.chunks_exact_mut((octave.width / 2).max(1));
        strip.seek(band.start);
        scanner.reset(octave.width, layers + 2, scanned.start);
        for y in band {
            if y % ROWS_BETWEEN_STOPS == 0 && control.should_stop() {
                return Err(Error::Stopped);
            }
            strip.advance(y);
            if y % 2 == 0
                && let Some(next) = next_rows.next()
            {
                for (next, pair) in next.iter_mut().zip(strip.row(layers, y).chunks_exact(2)) {
                    *next = pair[0];
                }
            }
            if scanned.contains(&y) {
                scanner.scan(&strip, y, threshold, |layer, x| {
                    finder.follow(&strip, params, y, Extremum::new(x, y, layer));
                });
            }
        }
        finder.catch_up(&mut strip, params);
        finder.working += started.elapsed();
        Ok(())
    }
}

impl Finder {
    /// Takes an extremum as far as a strip that stands at row `at` allows.
    fn follow(&mut self, strip: &Strip<'_>, params: &Params, at: usize, extremum: Extremum) {
        match extremum.refine(strip, params, at) {
            Outcome::Accepted(refined) => self.describe(strip, &refined),
            Outcome::Escaped(extremum) => self.escaped.push(extremum),
            Outcome::Rejected => {}
        }
    }

    /// Follows the extrema that moved away from the rows where they were found.
    fn catch_up(&mut self, strip: &mut Strip<'_>, params: &Params) {
        while !self.escaped.is_empty() {
            let mut round = std::mem::take(&mut self.escaped);
            round.sort_unstable_by_key(|extremum| extremum.y);
            strip.seek(round[0].y);
            for extremum in round {
                strip.skip_to(extremum.y);
                self.follow(strip, params, extremum.y, extremum);
            }
        }
    }

    fn describe(&mut self, strip: &Strip<'_>, refined: &Refined) {
        let Self { patch, describer, features, describing, .. } = self;
        orientations(strip, refined, patch, |angle| {
            let started = Instant::now();
            let keypoint = Keypoint { angle, ..refined.keypoint };
            features.push(Feature { keypoint, descriptor: describer.describe(strip, refined, angle) });
            *describing += started.elapsed();
        });
    }
}

/// Brings keypoints from the doubled image to the image itself.
fn finish(features: &[Feature], descriptor: Descriptor) -> Features {
    let keypoints = features.iter().map(|Feature { keypoint, .. }| Keypoint {
        x: keypoint.x * 0.5,
        y: keypoint.y * 0.5,
        size: keypoint.size * 0.5,
        octave: (keypoint.octave & !255) | ((keypoint.octave - 1) & 255),
        ..*keypoint
    });
    let descriptors = match descriptor {
        Descriptor::Sift => Descriptors::Sift(features.iter().flat_map(|f| f.descriptor).collect()),
        Descriptor::RootSift => {
            Descriptors::RootSift(features.iter().flat_map(|f| root(&f.descriptor)).collect())
        }
    };
    Features { keypoints: keypoints.collect(), descriptors }
}
