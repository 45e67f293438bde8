//! What each stage of a detection takes: `cargo bench -p sift`.
//!
//! Stages are one pass and can't be run apart, so parameters leave the later ones out: no contrast is high enough for a
//! candidate, or the edge threshold so low that none is a keypoint; differences between rows are what each stage adds.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Instant;

use sift::{Control, Detector, Isa, Level, Params};

#[path = "../tests/pgm/mod.rs"]
mod pgm;

const ROUNDS: usize = 15;

/// Copies side by side, as many on each side.
fn tiled(image: &pgm::Image, copies: usize) -> pgm::Image {
    let row = |y: usize| image.grey[y % image.height * image.width..][..image.width].repeat(copies);
    let (width, height) = (image.width * copies, image.height * copies);
    pgm::Image { width, height, grey: (0..height).flat_map(row).collect() }
}

fn main() {
    let image = tiled(&pgm::read("tripod"), 4);
    let default = Params::default();
    let stages = [
        ("scale space, search", Params { contrast_threshold: 1e3, ..default }),
        ("and refinement", Params { edge_threshold: 1.0, ..default }),
        ("and orientation, description", default),
    ];
    println!("{} x {} px, medians of {ROUNDS}", image.width, image.height);
    for level in [Level::Scalar, Level::Avx2, Level::Avx512] {
        let isa = Isa::at_most(level);
        if isa.level() != level {
            println!("{level:?}: not run, this machine has {:?}", isa.level());
            continue;
        }
        let mut detector = Detector::with_isa(isa);
        for (stage, params) in &stages {
            let mut found = 0;
            let mut times: Vec<f64> = (0..ROUNDS)
                .map(|_| {
                    let started = Instant::now();
                    let features =
                        detector.detect(&image.grey, image.width, image.height, params, &Control::default());
                    found = features.unwrap().keypoints.len();
                    started.elapsed().as_secs_f64() * 1e3
                })
                .collect();
            times.sort_by(f64::total_cmp);
            println!("{level:?}: {stage:<30} {:8.2} ms, {found} keypoints", times[ROUNDS / 2]);
        }
    }
}
