//! Several pictures at a time, one thread each: how the processors get in each other's way.

use std::thread;
use std::time::{Duration, Instant};

use capacity::profile::{Curve, CurvePoint};
use capacity::usl;
use extract::Params;

use super::ProfileError;
use super::computing::Worker;
use super::photographs::{Class, Photograph};
use super::undisturbed::Undisturbed;

/// Pictures a second by how many are computed at a time. Each number is measured in three windows, in turn with the others.
pub(super) fn measure(
    classes: &[Class],
    counts: &[u32],
    params: &Params,
    window: Duration,
    undisturbed: &mut Undisturbed,
) -> Result<Curve, ProfileError> {
    const WINDOWS: u32 = 3;
    let photographs: Vec<&Photograph> = classes.iter().flat_map(|class| &class.photographs).collect();
    let mut sums = vec![0.0; counts.len()];
    for _ in 0..WINDOWS {
        for (sum, n) in sums.iter_mut().zip(counts) {
            *sum += undisturbed.measure(|| rate(&photographs, *n, params, window / WINDOWS))?;
        }
    }
    let points: Vec<CurvePoint> = counts
        .iter()
        .zip(sums)
        .map(|(n, sum)| CurvePoint { n: *n, per_second: sum / f64::from(WINDOWS) })
        .collect();
    Ok(Curve { law: usl::fit(&points)?, points })
}

/// The sum of the rates of `n` threads, each of which goes through all pictures, over and over, from a place of its own, and
/// to the end of a round: pictures differ, and part of a round would be of some of them.
fn rate(photographs: &[&Photograph], n: u32, params: &Params, window: Duration) -> Result<f64, ProfileError> {
    thread::scope(|scope| {
        let handles: Vec<_> = (0..n as usize)
            .map(|thread| {
                let first = thread * photographs.len() / n as usize;
                scope.spawn(move || one(photographs, first, params, window))
            })
            .collect();
        let rates = handles.into_iter().map(|handle| handle.join().unwrap_or(Err(ProfileError::NoPictures)));
        rates.sum()
    })
}

fn one(
    photographs: &[&Photograph],
    first: usize,
    params: &Params,
    window: Duration,
) -> Result<f64, ProfileError> {
    let mut worker = Worker::new(params, 1);
    let round = || photographs.iter().cycle().skip(first).take(photographs.len());
    // The first picture takes the scratch memory.
    for photograph in round().take(1) {
        worker.compute(photograph)?;
    }
    let (started, mut count) = (Instant::now(), 0_u32);
    while count == 0 || started.elapsed() < window {
        for photograph in round() {
            worker.compute(photograph)?;
            count += 1;
        }
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}
