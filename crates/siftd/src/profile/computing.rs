//! Computing pictures, alone and with several threads each, as a compute thread of the service does it.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use capacity::profile::{Curve, CurvePoint, Distribution, PictureProfile, Run};
use capacity::usl;
use engine::LARGEST_KEPT_SCRATCH;
use extract::{Control, Extraction, Extractor, Limits, Params, Stage, StageTimes};
use rustix::time::{ClockId, clock_gettime};

use super::ProfileError;
use super::photographs::{Class, Photograph};
use super::undisturbed::Undisturbed;

/// Samples may take so long for each class with all numbers of threads, but a few are always taken.
const LONGEST: Duration = Duration::from_secs(60);
const LEAST_SAMPLES: u32 = 5;

/// 1, 2, 4 and so on, and all cores.
pub(super) fn thread_counts(cores: u32) -> Vec<u32> {
    let mut counts: Vec<u32> = (0..32).map(|power| 1 << power).take_while(|count| *count < cores).collect();
    counts.push(cores);
    counts
}

/// A compute thread of the service, without the service.
#[derive(Debug)]
pub(super) struct Worker<'a> {
    extractor: Extractor,
    params: &'a Params,
    threads: NonZeroUsize,
}

/// What became of a picture.
#[derive(Debug)]
pub(super) struct Computed {
    pub(super) keypoints: usize,
    /// Length of the stored form.
    pub(super) stored: usize,
    took: Duration,
    stages: StageTimes,
}

impl<'a> Worker<'a> {
    pub(super) fn new(params: &'a Params, threads: u32) -> Self {
        let threads = NonZeroUsize::new(threads as usize).unwrap_or(NonZeroUsize::MIN);
        Self { extractor: Extractor::new(), params, threads }
    }

    /// From the bytes to the stored form.
    pub(super) fn compute(&mut self, photograph: &Photograph) -> Result<Computed, ProfileError> {
        let refused = |reason: String| ProfileError::Picture { path: photograph.path.clone(), reason };
        let started = Instant::now();
        let control = Control { threads: self.threads, ..Control::default() };
        let Photograph { bytes, sha256, .. } = photograph;
        let extraction =
            self.extractor.extract_hashed(bytes, *sha256, self.params, &Limits::default(), &control);
        if photograph.pixels() > LARGEST_KEPT_SCRATCH {
            self.extractor = Extractor::new();
        }
        let Extraction { features, mut stages } = extraction.map_err(|error| refused(error.to_string()))?;
        let storing = Instant::now();
        let stored = features.to_siftd().map_err(|error| refused(error.to_string()))?;
        stages.add(Stage::CacheSet, storing.elapsed());
        let keypoints = features.keypoints.len();
        Ok(Computed { keypoints, stored: stored.len(), took: started.elapsed(), stages })
    }
}

/// Samples of one number of threads.
#[derive(Debug, Default)]
struct Samples {
    service: Vec<f64>,
    cpu: f64,
    stages: BTreeMap<String, Vec<f64>>,
}

/// Computes a picture of each class in turn, with each number of threads in turn, so that what changes meanwhile changes
/// all alike: a machine that others use, too, has another speed from minute to minute.
pub(super) fn measure(
    classes: &[Class],
    counts: &[u32],
    params: &Params,
    samples: u32,
    undisturbed: &mut Undisturbed,
) -> Result<Vec<PictureProfile>, ProfileError> {
    let mut workers: Vec<Worker<'_>> = counts.iter().map(|threads| Worker::new(params, *threads)).collect();
    // All are computed at least once: that takes the scratch memory, and counts keypoints.
    let keypoints: Vec<f64> =
        classes.iter().map(|class| mean_keypoints(class, &mut workers)).collect::<Result<_, _>>()?;
    let mut of: Vec<Vec<Samples>> =
        classes.iter().map(|_| counts.iter().map(|_| Samples::default()).collect()).collect();
    let started = Instant::now();
    for round in 0..samples {
        for (class, of) in classes.iter().zip(&mut of) {
            let photograph = class.photographs.iter().cycle().nth(round as usize);
            let photograph = photograph.ok_or(ProfileError::NoPictures)?;
            for (worker, samples) in workers.iter_mut().zip(of) {
                let (computed, cpu) = undisturbed.measure(|| {
                    let before = process_cpu();
                    let computed = worker.compute(photograph)?;
                    Ok((computed, process_cpu().saturating_sub(before)))
                })?;
                samples.add(&computed, cpu);
            }
        }
        if round >= LEAST_SAMPLES && started.elapsed() > LONGEST * classes.len() as u32 {
            break;
        }
    }
    let classes = classes.iter().zip(of).zip(keypoints);
    classes.map(|((class, of), keypoints)| profile(class, counts, &of, keypoints)).collect()
}

/// Keypoints of a picture of a class, by each worker.
fn mean_keypoints(class: &Class, workers: &mut [Worker<'_>]) -> Result<f64, ProfileError> {
    let mut keypoints = 0;
    for photograph in &class.photographs {
        for worker in &mut *workers {
            keypoints += worker.compute(photograph)?.keypoints;
        }
    }
    Ok(keypoints as f64 / (class.photographs.len() * workers.len()) as f64)
}

fn profile(
    class: &Class,
    counts: &[u32],
    of: &[Samples],
    keypoints: f64,
) -> Result<PictureProfile, ProfileError> {
    let runs: Option<Vec<Run>> =
        of.iter().zip(counts).map(|(samples, threads)| samples.run(*threads)).collect();
    Ok(PictureProfile {
        name: class.name.clone(),
        files: class.photographs.iter().map(|photograph| photograph.path.display().to_string()).collect(),
        pixels: class.mean(|photograph| photograph.pixels() as f64),
        bytes: class.mean(|photograph| photograph.bytes.len() as f64),
        keypoints,
        runs: runs.ok_or(ProfileError::NoPictures)?,
    })
}

impl Samples {
    fn add(&mut self, computed: &Computed, cpu: Duration) {
        self.service.push(computed.took.as_secs_f64());
        self.cpu += cpu.as_secs_f64();
        for (stage, took) in computed.stages.iter() {
            self.stages.entry(stage.to_string()).or_default().push(took.as_secs_f64());
        }
    }

    fn run(&self, threads: u32) -> Option<Run> {
        let stages = self.stages.iter();
        Some(Run {
            threads,
            service: Distribution::of(&self.service)?,
            cpu_seconds: self.cpu / self.service.len() as f64,
            stages: stages
                .filter_map(|(stage, times)| Some((stage.clone(), Distribution::of(times)?)))
                .collect(),
        })
    }
}

/// Processor time of all threads so far. Nothing else runs in the process while a picture is computed.
pub(super) fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Pictures a second by the threads that join in each, from what was measured of every class.
pub(super) fn within_picture(pictures: &[PictureProfile], counts: &[u32]) -> Result<Curve, ProfileError> {
    let points: Vec<CurvePoint> = counts
        .iter()
        .map(|n| {
            let runs =
                pictures.iter().filter_map(|picture| picture.runs.iter().find(|run| run.threads == *n));
            let seconds: f64 = runs.map(|run| run.service.mean).sum();
            CurvePoint { n: *n, per_second: pictures.len() as f64 / seconds }
        })
        .collect();
    Ok(Curve { law: usl::fit(&points)?, points })
}
