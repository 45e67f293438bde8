//! What an image costs to compute, before it is computed.

use capacity::admission::Work;
use extract::{Denoise, Params};

/// Share of non-local means in the time of a pixel with default parameters, the rest being decoding and SIFT. Measured
/// (`bench/records`): 170 of 240 ns with AVX-512.
const DENOISING_SHARE: f64 = 0.7;

/// Pixels of the default search window.
const DEFAULT_SEARCH: f64 = 21.0 * 21.0;

/// The work of an image. Non-local means grows with the area of its search window, SIFT with the taps of its blurs and its layers.
pub(crate) fn work(pixels: u64, params: &Params) -> Work {
    let denoising = match &params.denoise {
        Denoise::None => 0.0,
        Denoise::Nlm(params) => f64::from(params.luma.search_window).powi(2) / DEFAULT_SEARCH,
    };
    // What is outside its range has been refused before. Decoding, which is little, grows with it.
    let sift = params.sift.relative_time().unwrap_or(1.0);
    Work::units(pixels as f64 * (DENOISING_SHARE * denoising + (1.0 - DENOISING_SHARE) * sift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_grows_with_the_blur_and_the_layers_of_sift() {
        let with = |name: &str, value: &str| {
            let mut params = extract::ParamsBuilder::default();
            params.set("denoise", "none").unwrap();
            params.set(name, value).unwrap();
            work(1000, &params.build().unwrap())
        };
        let between = |work: Work, low: f64, high: f64| work > Work::units(low) && work < Work::units(high);
        // Measured: 13 and 20 to 40 times the 300 units of the defaults.
        assert!(between(with("octave_layers", "32"), 3000.0, 4500.0));
        assert!(between(with("sigma", "32"), 4500.0, 9000.0));
        assert_eq!(with("sigma", "1.2"), with("sigma", "1.6"));
    }

    #[test]
    fn work_grows_with_pixels_and_with_the_area_of_the_search_window() {
        let default = Params::default();
        assert_eq!(work(1000, &default), Work::units(1000.0));
        let about =
            |work: Work, units: f64| work > Work::units(units - 1e-9) && work < Work::units(units + 1e-9);
        assert!(about(work(1000, &Params { denoise: Denoise::None, ..default }), 300.0));
        let mut wide = extract::ParamsBuilder::default();
        wide.set("search_window", "42").unwrap();
        assert!(about(work(1000, &wide.build().unwrap()), 3100.0));
    }
}
