//! Non-local means as it is defined, pixel by pixel: the oracle that every faster path is tested against.

use crate::planes::Planes;
use crate::weights::Weights;
use crate::{Error, Image, Params};

/// What [`Denoiser::denoise`](crate::Denoiser::denoise) gives, in `template_window^2 * search_window^2` steps a pixel.
///
/// # Errors
/// [`Error::Params`] for a parameter out of range.
pub fn denoise(image: Image<'_>, params: &Params) -> Result<Vec<u8>, Error> {
    params.validate()?;
    if image.pixels().is_empty() {
        return Ok(Vec::new());
    }
    let (template, search) = (params.template_radius() as isize, params.search_radius() as isize);
    let mut planes = Planes::default();
    planes.fill(image, params.template_radius() + params.search_radius());
    let weights = Weights::new(params, image.channels());
    let channels = image.channels();
    let mut out = Vec::with_capacity(image.pixels().len());
    for y in 0..image.height() as isize {
        for x in 0..image.width() as isize {
            let mut sums = [0u32; 4];
            let mut total = 0;
            for (dy, dx) in square(search) {
                let mut distance = 0;
                for ty in -template..=template {
                    for channel in 0..channels {
                        let row = |y, x| planes.row(channel, y + ty, x - template, 2 * template as usize + 1);
                        let pairs = row(y, x).iter().zip(row(y + dy, x + dx));
                        distance +=
                            pairs.map(|(&here, &there)| u32::from(here.abs_diff(there)).pow(2)).sum::<u32>();
                    }
                }
                let index = (distance >> weights.shift()) as usize;
                let weight = weights.table().get(index).copied().unwrap_or(0);
                total += weight;
                for (channel, sum) in sums.iter_mut().enumerate().take(channels) {
                    *sum += weight * u32::from(planes.row(channel, y + dy, x + dx, 1)[0]);
                }
            }
            out.extend(sums.iter().take(channels).map(|sum| ((sum + total / 2) / total).min(255) as u8));
        }
    }
    Ok(out)
}

/// Offsets of a square window, row by row.
fn square(radius: isize) -> impl Iterator<Item = (isize, isize)> {
    (-radius..=radius).flat_map(move |dy| (-radius..=radius).map(move |dx| (dy, dx)))
}
