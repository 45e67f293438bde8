//! The two forms of non-local means over a whole image.

use std::num::NonZeroUsize;

use crate::isa::Isa;
use crate::jobs::{self, Job, WorkerMemory};
use crate::lab::{self, Colours};
use crate::method::Method;
use crate::planes::Planes;
use crate::task::Task;
use crate::{ColoredParams, Control, Error, Image, Params};

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
    /// Of an image, or of the lightness and the colour components of one.
    planes: [Planes; 2],
    methods: [Option<Method>; 2],
    workers: Vec<WorkerMemory>,
    lightness: Vec<u8>,
    ab: Vec<u8>,
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
        let (planes, methods) = Default::default();
        Self { isa, planes, methods, workers: Vec::new(), lightness: Vec::new(), ab: Vec::new() }
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
        let Self { isa, planes: [planes, _], methods: [method, _], workers, .. } = self;
        let method = Method::of(method, *isa, params, image.channels());
        let job = job((image, planes), method, control.threads);
        jobs::run(vec![(job, &mut out[..])], control, workers)?;
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
        if bgr.pixels().is_empty() {
            return Ok(Vec::new());
        }
        if control.should_stop() {
            return Err(Error::Stopped);
        }
        let (width, height) = (bgr.width(), bgr.height());
        let (mut lightness, mut ab) = (std::mem::take(&mut self.lightness), std::mem::take(&mut self.ab));
        lab::from_bgr(self.isa, bgr.pixels(), (&mut lightness, &mut ab), control.threads);
        let result = self.denoise_lab((&lightness, &ab), (width, height), params, control);
        let one = [ab[0], ab[1]];
        (self.lightness, self.ab) = (lightness, ab);
        let (lightness, ab) = result?;
        let colours = ab.as_deref().map_or(Colours::One(one), Colours::Each);
        Ok(lab::to_bgr(self.isa, &lightness, colours, control.threads))
    }

    /// Denoises L and, unless they are the same everywhere, a and b, which take the longer and are begun first.
    fn denoise_lab(
        &mut self,
        (lightness, ab): (&[u8], &[u8]),
        (width, height): (usize, usize),
        params: &ColoredParams,
        control: &Control<'_>,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), Error> {
        let (luma, color) = (params.luma, Params { h: params.h_color, ..params.luma });
        let Self { isa, planes: [planes, color_planes], methods: [method, color_method], workers, .. } = self;
        let (mut denoised, mut denoised_ab) = (vec![0; lightness.len()], None);
        let mut all = Vec::new();
        // A weighted mean of equal values is that value: grey pictures have no colour to denoise.
        if !ab.as_chunks::<2>().0.windows(2).all(|pair| pair[0] == pair[1]) {
            let method = Method::of(color_method, *isa, &color, 2);
            let image = Image::new(ab, width, height, 2)?;
            let out = denoised_ab.insert(vec![0; ab.len()]);
            let job = job((image, color_planes), method, control.threads);
            all.push((job, &mut out[..]));
        }
        let image = Image::new(lightness, width, height, 1)?;
        let job = job((image, planes), Method::of(method, *isa, &luma, 1), control.threads);
        all.push((job, &mut denoised[..]));
        jobs::run(all, control, workers)?;
        Ok((denoised, denoised_ab))
    }
}

fn job<'a>(
    (image, planes): (Image<'_>, &'a mut Planes),
    method: &'a Method,
    threads: NonZeroUsize,
) -> Job<'a> {
    let &Method { ref params, channels, ref weights, isa, .. } = method;
    planes.fill(image, params.border());
    let (width, height) = (image.width(), image.height());
    Job::new(
        Task { planes, channels, width, height, params, weights, isa },
        method.path(width, height),
        threads,
    )
}
