//! What denoising takes by windows, channels and instruction set: `cargo bench -p nlm`.

#![allow(clippy::unwrap_used)]

use std::time::Instant;

use nlm::{ColoredParams, Control, Denoiser, Image, Isa, Level, Params};

const ROUNDS: usize = 7;
const SIDE: usize = 512;

/// Slow waves with noise on them: windows that are alike and windows that are not.
fn picture(channels: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 60) as f64
    };
    let wave = |at: usize, length: f64| (at as f64 / length).sin();
    (0..SIDE * SIDE * channels)
        .map(|i| {
            let (x, y) = (i / channels % SIDE, i / channels / SIDE);
            (128.0 + 60.0 * wave(x, 17.0) + 40.0 * wave(y, 29.0) + noise()) as u8
        })
        .collect()
}

fn main() {
    let small = Params::default();
    let large = Params { template_window: 100, search_window: 50, ..small };
    let (strong, narrow) =
        (Params { h: 30.0, ..small }, Params { template_window: 9, search_window: 15, ..small });
    println!("{SIDE} x {SIDE} px, medians of {ROUNDS}");
    for level in [Level::Scalar, Level::Avx2, Level::Avx512] {
        let isa = Isa::at_most(level);
        if isa.level() != level {
            println!("{level:?}: not run, this machine has {:?}", isa.level());
            continue;
        }
        let mut denoiser = Denoiser::with_isa(isa);
        for (windows, params) in [("7/21", small), ("7/21, 30", strong), ("9/15", narrow), ("100/50", large)]
        {
            for channels in [1, 2, 3] {
                let pixels = picture(channels);
                let image = Image::new(&pixels, SIDE, SIDE, channels).unwrap();
                let mut times: Vec<f64> = (0..ROUNDS)
                    .map(|_| {
                        let started = Instant::now();
                        // Three channels are a coloured picture: from and to Lab, with one and two channels between.
                        if channels == 3 {
                            let params = ColoredParams { luma: params, h_color: params.h };
                            denoiser.denoise_colored(image, &params, &Control::default()).unwrap();
                        } else {
                            denoiser.denoise(image, &params, &Control::default()).unwrap();
                        }
                        started.elapsed().as_secs_f64() * 1e3
                    })
                    .collect();
                times.sort_by(f64::total_cmp);
                let what = ["", "one channel", "two channels", "coloured"][channels];
                println!("{level:?}: {windows:<8} {what:<13} {:9.2} ms", times[ROUNDS / 2]);
            }
        }
    }
}
