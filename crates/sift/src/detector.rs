//! The whole of SIFT over one image.

use std::iter;
use std::thread;
use std::time::Duration;

use threads::spawn_elsewhere;

use crate::base::Base;
use crate::descriptor::root;
use crate::gaussian::Kernels;
use crate::isa::Isa;
use crate::octave::{Octave, Reach, Source, octave_count};
use crate::retain::{Feature, retain};
use crate::ring::BLOCK;
use crate::schedule::{Schedule, Shares};
use crate::strip;
use crate::strongest::Bar;
use crate::topmost::Estimator;
use crate::upscale::Doubling;
use crate::worker::{Job, Search, Worker, patch_radius};
use crate::{Control, Descriptor, Descriptors, Error, Features, Keypoint, Params, ParamsError};

/// Fewest blocks of rows for which a thread of its own pays.
const MIN_SHARE: usize = 8;

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
    /// Level 0 of each octave but the first.
    bases: Vec<Base>,
}

impl Default for Detector {
    fn default() -> Self {
        Self::with_isa(Isa::detect())
    }
}

impl Detector {
    /// A detector without scratch memory yet, for the strongest instruction set of this machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same for a given instruction set; what is found is the same.
    pub fn with_isa(isa: Isa) -> Self {
        Self { isa, workers: Vec::new(), bases: Vec::new() }
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
        let reach = Reach::new(params, &kernels, patch_radius);
        let estimator = Estimator::new(&kernels);
        self.workers.iter_mut().for_each(Worker::clear);
        let (columns, threads) = (self.isa.design().strip_columns(), control.threads.get());
        let shapes: Vec<Shape> = (0..octave_count(width, height))
            .map(|index| Shape::new(index, ((2 * width) >> index, (2 * height) >> index), columns, threads))
            .collect();
        self.bases.resize_with(shapes.len().saturating_sub(1), Base::default);
        for (base, shape) in self.bases.iter_mut().zip(&shapes) {
            base.reset(shape.width / 2, shape.height / 2, shape.strip / 2);
        }
        let search = &Search { params, control, bar: Bar::default() };
        let first = Source::Image { grey, width, doubling: Doubling::new(params) };
        let sources = iter::once(first).chain(self.bases.iter().map(|base| Source::Octave { base }));
        let nexts = self.bases.iter().map(Some).chain(iter::once(None));
        let jobs: Vec<Job<'_>> = shapes
            .iter()
            .zip(sources.zip(nexts))
            .enumerate()
            .map(|(index, (shape, (source, next)))| {
                let &Shape { width, height, strip, blocks, workers, shares } = shape;
                let octave = Octave {
                    index,
                    width,
                    height,
                    source,
                    kernels: &kernels,
                    reach: &reach,
                    estimator: estimator.as_ref(),
                    isa: self.isa,
                };
                Job { octave, search, strip, schedule: Schedule::new(blocks, workers, shares), next }
            })
            .collect();
        run(&jobs, &mut self.workers)?;
        let mut features: Vec<Feature<'_>> = self.workers.iter().flat_map(Worker::features).collect();
        retain(&mut features, params.max_features as usize);
        Ok(finish(&features, params.descriptor))
    }
}

impl Detector {
    /// Bytes of levels of scale space that each thread of a call holds at the most, but for a few per cent, kept from image to
    /// image: 5 MB for 6 megapixels with the default parameters, 1.5 GB with the greatest sigma and the most layers.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn scratch_bytes(&self, width: u32, height: u32, params: &Params) -> Result<usize, ParamsError> {
        params.validate()?;
        let (width, height) = (width as usize, height as usize);
        if octave_count(width, height) == 0 {
            return Ok(0);
        }
        let kernels = Kernels::new(params);
        let reach = Reach::new(params, &kernels, patch_radius);
        let size = (2 * width, 2 * height);
        let Shape { strip, .. } = Shape::new(0, size, self.isa.design().strip_columns(), 1);
        Ok(strip::bytes(strip, size, &kernels, &reach))
    }

    /// Share of the time that threads took in the last call, waiting for each other included, that went into descriptors, from 0 to 1:
    /// detection and description are one pass, each keypoint being described as soon as it is found.
    pub fn describing_share(&self) -> f64 {
        let sum = |of: fn(&Worker) -> Duration| -> f64 {
            self.workers.iter().map(|worker| of(worker).as_secs_f64()).sum()
        };
        let working = sum(Worker::working);
        if working > 0.0 { sum(Worker::describing) / working } else { 0.0 }
    }
}

/// How an octave is divided into strips and blocks of rows, and those into shares.
struct Shape {
    width: usize,
    height: usize,
    /// Columns of each strip but the last.
    strip: usize,
    blocks: usize,
    /// As many threads as pay.
    workers: usize,
    shares: Shares,
}

impl Shape {
    /// For an octave of `width` by `height` samples, given by its number, and strips of up to `columns`.
    fn new(octave: usize, (width, height): (usize, usize), columns: usize, threads: usize) -> Self {
        let strips = width.div_ceil(columns);
        let blocks = strips * height.div_ceil(BLOCK);
        // Even, as every second column goes to the next octave.
        let strip = width.div_ceil(strips).next_multiple_of(2);
        let shares = match (octave, strips) {
            (0, 1) => Shares::Leading,
            // The next octave begins with rows of several strips, which all have to be there.
            (0, _) => Shares::Equal,
            _ => Shares::Whole,
        };
        Self { width, height, strip, blocks, workers: threads.min(blocks / MIN_SHARE).max(1), shares }
    }
}

/// Searches octaves on as many threads as there are shares for.
fn run(jobs: &[Job<'_>], workers: &mut Vec<Worker>) -> Result<(), Error> {
    let threads = jobs.iter().map(|job| job.schedule.workers()).max().unwrap_or(0);
    if workers.len() < threads {
        workers.resize_with(threads, Worker::default);
    }
    let mut tasks = workers[..threads].iter_mut().map(|worker| move || worker.run(jobs));
    let Some(mut own) = tasks.next() else { return Ok(()) };
    thread::scope(|scope| {
        // Where the system gives no more threads, those that there are do the work.
        let others: Vec<_> = tasks.map_while(|task| spawn_elsewhere(scope, task).ok()).collect();
        jobs.iter().for_each(|job| job.schedule.limit(1 + others.len()));
        let mut result = own();
        for other in others {
            result = result.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        result
    })
}

/// Brings keypoints from the doubled image to the image itself.
fn finish(features: &[Feature<'_>], descriptor: Descriptor) -> Features {
    let keypoints = features.iter().map(|Feature { keypoint, .. }| Keypoint {
        x: keypoint.x * 0.5,
        y: keypoint.y * 0.5,
        size: keypoint.size * 0.5,
        octave: (keypoint.octave & !255) | ((keypoint.octave - 1) & 255),
        ..*keypoint
    });
    let descriptors = match descriptor {
        Descriptor::Sift => {
            let descriptors: Vec<_> = features.iter().map(|feature| *feature.descriptor).collect();
            Descriptors::Sift(descriptors.into_flattened())
        }
        Descriptor::RootSift => {
            let descriptors: Vec<_> = features.iter().map(|feature| root(feature.descriptor)).collect();
            Descriptors::RootSift(descriptors.into_flattened())
        }
    };
    Features { keypoints: keypoints.collect(), descriptors }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DESCRIPTOR_LENGTH;
    use crate::design::Design;

    /// A picture of streaks, which are noise summed over 2 x 25 pixels: extrema move far along them before they settle.
    fn streaks(seed: u64, width: usize, height: usize) -> Vec<u8> {
        let mut state = seed;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as i32 - 128
        };
        let noise: Vec<i32> = (0..(width + 2) * (height + 25)).map(|_| noise()).collect();
        let sum = |x: usize, y: usize| -> i32 {
            (0..25).flat_map(|row| &noise[(y + row) * (width + 2) + x..][..2]).sum()
        };
        (0..width * height).map(|i| (128 + sum(i % width, i / width) / 14).clamp(0, 255) as u8).collect()
    }

    /// What is found in the first octave, in strips of so many columns, by two workers, of which the second begins at a block of
    /// rows; none of its memory is as new.
    fn found(
        grey: &[u8],
        (width, height): (usize, usize),
        params: &Params,
        (strip, begin): (usize, usize),
    ) -> Vec<(String, [u8; DESCRIPTOR_LENGTH])> {
        let kernels = Kernels::new(params);
        let reach = Reach::new(params, &kernels, patch_radius);
        let estimator = Estimator::new(&kernels);
        let source = Source::Image { grey, width, doubling: Doubling::new(params) };
        let (width, height) = (2 * width, 2 * height);
        let octave = Octave {
            estimator: estimator.as_ref(),
            ..Octave::first(source, (width, height), &kernels, &reach)
        };
        let blocks = width.div_ceil(strip) * height.div_ceil(BLOCK);
        let job = Job {
            octave,
            search: &Search { params, control: &Control::default(), bar: Bar::default() },
            strip,
            schedule: Schedule::parted_at(blocks, begin),
            next: None,
        };
        let mut worker = Worker::default();
        for _ in [0, 1] {
            worker.run(std::slice::from_ref(&job)).unwrap();
        }
        let mut features: Vec<Feature<'_>> = worker.features().collect();
        retain(&mut features, 0);
        features.iter().map(|feature| (format!("{:?}", feature.keypoint), *feature.descriptor)).collect()
    }

    /// Parameters that find as much as there is.
    fn sensitive() -> Params {
        Params { contrast_threshold: 0.0, edge_threshold: 1e6, ..Params::default() }
    }

    #[test]
    fn wide_blurs_and_many_layers_take_memory_and_wide_pictures_do_not() {
        let bytes = |sigma, octave_layers, width, height| {
            let params = Params { sigma, octave_layers, ..Params::default() };
            Detector::new().scratch_bytes(width, height, &params).unwrap()
        };
        assert_eq!(bytes(1.6, 3, 4, 4), 0);
        let usual = bytes(1.6, 3, 3000, 2000);
        assert!((3_000_000..8_000_000).contains(&usual), "{usual}");
        assert!(bytes(1.6, 3, 100_000, 2000) < 2 * usual, "strips bound it");
        assert!(bytes(32.0, 32, 3000, 2000) > 100 * usual);
        assert!(Detector::new().scratch_bytes(9, 9, &Params { sigma: 33.0, ..Params::default() }).is_err());
    }

    #[test]
    fn octaves_are_shared_out_by_their_number_and_strips() {
        let shape = |octave, width, threads| Shape::new(octave, (width, 800), 1300, threads);
        let shares = |octave, width| shape(octave, width, 2).shares;
        assert_eq!([shares(0, 1300), shares(1, 650)], [Shares::Leading, Shares::Whole]);
        assert_eq!([shares(0, 1302), shares(1, 1302)], [Shares::Equal, Shares::Whole]);
        assert_eq!([1, 2, 20].map(|threads| shape(0, 1300, threads).workers), [1, 2, 100 / MIN_SHARE]);
    }

    #[test]
    fn the_design_of_the_processor_changes_nothing() {
        let (width, height) = (900, 60);
        let grey = streaks(3, width, height);
        let [amd, other] = Design::ALL.map(|design| {
            let mut detector = Detector::with_isa(Isa::detect().as_on(design));
            detector.detect(&grey, width, height, &Params::default(), &Control::default()).unwrap()
        });
        assert!(amd.keypoints.len() > 100);
        assert_eq!((amd.keypoints, amd.descriptors), (other.keypoints, other.descriptors));
        assert!(2 * width > Design::Other.strip_columns() && 2 * width <= Design::Amd.strip_columns());
    }

    #[test]
    fn features_do_not_depend_on_the_width_of_strips() {
        const SIZE: (usize, usize) = (96, 48);
        let grey = streaks(1, SIZE.0, SIZE.1);
        // Strips hold a few columns more from sigma to sigma, and what is scanned of them begins at a line.
        for sigma in (0..16).map(|step| 1.4 + 0.05 * f64::from(step)) {
            let params = Params { sigma, ..sensitive() };
            let whole = found(&grey, SIZE, &params, (2 * SIZE.0, 0));
            assert!(whole.len() > 10);
            // The last strip has no column, or few, that is not at the border.
            for strip in [190, 186, 100] {
                let parted = found(&grey, SIZE, &params, (strip, 0));
                assert!(parted == whole, "sigma {sigma}: strips of {strip} columns");
            }
        }
    }

    /// White, with a few dark boxes: most samples are as their neighbours are, so that whole rows of the topmost level pay.
    fn boxes(width: usize, height: usize) -> Vec<u8> {
        let is_dark = |x: usize, y: usize| x % 37 < 11 + y / 16 % 5 && y % 29 < 7 && x / 37 % 3 != y / 29 % 4;
        (0..width * height).map(|i| if is_dark(i % width, i / width) { 40 } else { 255 }).collect()
    }

    #[test]
    fn features_of_flat_pictures_do_not_depend_on_strips() {
        // The last block has one row of two of the octave, or all.
        for (width, height) in [(100, 161), (91, 164)] {
            let grey = boxes(width, height);
            for (octave_layers, sigma) in [(1, 1.6), (3, 1.6), (1, 3.2), (5, 1.0)] {
                let params = Params { octave_layers, sigma, ..sensitive() };
                let blocks = (2 * height).div_ceil(BLOCK);
                let whole = found(&grey, (width, height), &params, (2 * width, blocks));
                assert!(whole.len() > 5, "{octave_layers} layers, sigma {sigma}: {}", whole.len());
                for begin in (1..blocks).step_by(3) {
                    let parted = found(&grey, (width, height), &params, (2 * width, begin));
                    assert!(parted == whole, "{octave_layers} layers, sigma {sigma}: begins at {begin}");
                }
                for strip in [150, 64] {
                    let parted = found(&grey, (width, height), &params, (strip, 0));
                    assert!(parted == whole, "{octave_layers} layers, sigma {sigma}: strips of {strip}");
                }
            }
        }
    }

    #[test]
    fn features_do_not_depend_on_where_a_strip_begins() {
        const SIZE: (usize, usize) = (48, 320);
        const WIDTH: usize = 2 * SIZE.0;
        const BLOCKS: usize = 2 * SIZE.1 / BLOCK;
        let compare = |params: &Params, seed: u64, begins: &mut dyn Iterator<Item = usize>| {
            let grey = streaks(seed, SIZE.0, SIZE.1);
            let whole = found(&grey, SIZE, params, (WIDTH, BLOCKS));
            assert!(whole.len() > 10);
            for begin in begins {
                let parted = found(&grey, SIZE, params, (WIDTH, begin));
                assert!(parted == whole, "{params:?}, seed {seed}: a strip begins at block {begin}");
            }
        };
        // In those of 162 and 335 an extremum goes further up from where a strip begins than that has rows.
        for seed in [0, 1, 2, 162, 335] {
            compare(&sensitive(), seed, &mut (1..BLOCKS));
        }
        for (octave_layers, sigma) in [(1, 1.6), (5, 1.6), (17, 1.6), (3, 2.6)] {
            compare(&Params { octave_layers, sigma, ..sensitive() }, 3, &mut (1..BLOCKS).step_by(5));
        }
    }
}
