//! The two forms of non-local means over a whole image.

use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::band::{BandMemory, Task};
use crate::isa::Isa;
use crate::lanes::Kernel;
use crate::planes::Planes;
use crate::sliding::SlidingMemory;
use crate::tiled::TiledMemory;
use crate::weights::Weights;
use crate::{ColoredParams, Control, Error, Image, Params, lab, sliding, tiled};

/// Denoises images one after another, keeping its scratch memory between them.
///
/// ```
/// use nlm::{Control, Denoiser, Image, Params};
///
/// // Stripes with a speck: the speck is like nothing around it and stays, exactly as OpenCV leaves it.
/// let mut pixels: Vec<u8> = (0..32 * 32).map(|i| if i / 4 % 2 == 0 { 50 } else { 200 }).collect();
/// pixels[500] = 60;
/// let image = Image::new(&pixels, 32, 32, 1)?;
/// let denoised = Denoiser::new().denoise(image, &Params::default(), &Control::default())?;
/// assert_eq!(denoised.len(), pixels.len());
/// # Ok::<(), nlm::Error>(())
/// ```
#[derive(Debug)]
pub struct Denoiser {
    isa: Isa,
    planes: Planes,
    workers: Vec<WorkerMemory>,
    lightness: Vec<u8>,
    ab: Vec<u8>,
}

/// Memory of a thread.
#[derive(Debug, Default)]
struct WorkerMemory {
    band: BandMemory,
    tiled: TiledMemory,
    sliding: SlidingMemory,
}

impl Default for Denoiser {
    fn default() -> Self {
        Self::with_isa(Isa::detect())
    }
}

impl Denoiser {
    /// A denoiser without scratch memory yet, for the strongest instruction set of this machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same for a given instruction set; the result is the same.
    pub fn with_isa(isa: Isa) -> Self {
        let (lightness, ab) = (Vec::new(), Vec::new());
        Self { isa, planes: Planes::default(), workers: Vec::new(), lightness, ab }
    }

    /// `cv2.fastNlMeansDenoising` of one to four channels, which share one weight a pair of pixels.
    ///
    /// # Errors
    /// [`Error::Params`] for a parameter out of range, [`Error::Stopped`] when `control.stop` said so.
    pub fn denoise(
        &mut self,
        image: Image<'_>,
        params: &Params,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, Error> {
        params.validate()?;
        let mut out = vec![0; image.pixels().len()];
        if out.is_empty() {
            return Ok(out);
        }
        self.planes.fill(image, params.template_radius() + params.search_radius());
        let weights = Weights::new(params, image.channels());
        let task = Task {
            planes: &self.planes,
            channels: image.channels(),
            width: image.width(),
            height: image.height(),
            params,
            weights: &weights,
            isa: self.isa,
        };
        run_bands(&task, control, &mut self.workers, &mut out)?;
        Ok(out)
    }

    /// `cv2.fastNlMeansDenoisingColored` of a BGR image: lightness with `luma.h`, the two colour components together
    /// with `h_color`, in L\*a\*b\* of linear light.
    ///
    /// # Errors
    /// [`Error::Channels`] unless the image has three channels, otherwise as [`denoise`](Self::denoise).
    pub fn denoise_colored(
        &mut self,
        bgr: Image<'_>,
        params: &ColoredParams,
        control: &Control<'_>,
    ) -> Result<Vec<u8>, Error> {
        params.validate()?;
        if bgr.channels() != 3 {
            return Err(Error::Channels { actual: bgr.channels(), allowed: "3" });
        }
        let (width, height) = (bgr.width(), bgr.height());
        let (mut lightness, mut ab) = (std::mem::take(&mut self.lightness), std::mem::take(&mut self.ab));
        lab::from_bgr(self.isa, bgr.pixels(), &mut lightness, &mut ab);
        let result = self.denoise_lab((&lightness, &ab), (width, height), params, control);
        (self.lightness, self.ab) = (lightness, ab);
        let (lightness, ab) = result?;
        Ok(lab::to_bgr(self.isa, &lightness, ab.as_deref().unwrap_or(&self.ab)))
    }

    /// Denoises L and, unless they are the same everywhere, a and b.
    fn denoise_lab(
        &mut self,
        (lightness, ab): (&[u8], &[u8]),
        (width, height): (usize, usize),
        params: &ColoredParams,
        control: &Control<'_>,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), Error> {
        let denoised = self.denoise(Image::new(lightness, width, height, 1)?, &params.luma, control)?;
        // A weighted mean of equal values is that value: grey pictures have no colour to denoise.
        if ab.as_chunks::<2>().0.windows(2).all(|pair| pair[0] == pair[1]) {
            return Ok((denoised, None));
        }
        let color = Params { h: params.h_color, ..params.luma };
        Ok((denoised, Some(self.denoise(Image::new(ab, width, height, 2)?, &color, control)?)))
    }
}

/// How an image is denoised: the fastest way that is exact for its parameters.
enum Path {
    /// Template windows of 7 x 7, as tiles.
    Tiled(Kernel),
    /// Any template window, by sums that slide.
    Sliding(Kernel),
    /// Whatever fits neither.
    General,
}

impl Path {
    fn new(task: &Task<'_>) -> Self {
        let Task { isa, params, channels, weights, .. } = *task;
        tiled::kernel(isa, params, channels, weights)
            .map(Self::Tiled)
            .or_else(|| sliding::kernel(isa, params, channels, weights).map(Self::Sliding))
            .unwrap_or(Self::General)
    }

    fn band_rows(&self, task: &Task<'_>, threads: usize) -> usize {
        match self {
            Self::Tiled(_) => tiled::band_rows(task.height, threads),
            Self::Sliding(_) => sliding::band_rows(task.height, threads),
            Self::General => task.band_rows(threads),
        }
    }
}

/// Shares the bands of an image out to threads, each taking the next one when it is done with one.
fn run_bands(
    task: &Task<'_>,
    control: &Control<'_>,
    workers: &mut Vec<WorkerMemory>,
    out: &mut [u8],
) -> Result<(), Error> {
    let threads = control.threads.get();
    let path = Path::new(task);
    let rows = path.band_rows(task, threads);
    let threads = threads.min(task.height.div_ceil(rows));
    if workers.len() < threads {
        workers.resize_with(threads, WorkerMemory::default);
    }
    let bands = Mutex::new(out.chunks_mut(rows * task.width * task.channels).enumerate());
    let work = |memory: &mut WorkerMemory| {
        loop {
            let band = bands.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((index, out)) = band else { return Ok(()) };
            let start = index * rows;
            match &path {
                Path::Tiled(kernel) => tiled::run(kernel, task, start, &mut memory.tiled, control, out)?,
                Path::Sliding(kernel) => {
                    sliding::run(kernel, task, start, &mut memory.sliding, control, out)?;
                }
                Path::General => {
                    task.run(start..(start + rows).min(task.height), &mut memory.band, control, out)?;
                }
            }
        }
    };
    let Some((own, others)) = workers[..threads].split_first_mut() else { return Ok(()) };
    thread::scope(|scope| {
        let others: Vec<_> = others.iter_mut().map(|memory| scope.spawn(|| work(memory))).collect();
        let mut result = work(own);
        for other in others {
            result = result.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        result
    })
}
