//! What an image costs to compute, before it is computed.

use capacity::admission::Work;
use extract::{Denoise, Params};

/// Share of non-local means in the time of a pixel with default parameters, the rest being decoding and SIFT. Measured
/// (`bench/records`): 170 of 240 ns with AVX-512.
const DENOISING_SHARE: f64 = 0.7;

/// Pixels of the default search window.
const DEFAULT_SEARCH: f64 = 21.0 * 21.0;

/// The work of an image. Non-local means grows with the area of its search window.
pub(crate) fn work(pixels: u64, params: &Params) -> Work {
    let denoising = match &params.denoise {
        Denoise::None => 0.0,
        Denoise::Nlm(params) => f64::from(params.luma.search_window).powi(2) / DEFAULT_SEARCH,
    };
    Work::units(pixels as f64 * (DENOISING_SHARE * denoising + (1.0 - DENOISING_SHARE)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
