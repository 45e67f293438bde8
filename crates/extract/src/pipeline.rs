//! The main job: from the bytes of an image to its features.

use std::time::Instant;

use crate::grey::grey;
use crate::{
    Bgr, Control, Denoise, ExtractError, FeatureSet, InstructionSet, Limits, Params, Stage, StageTimes,
    decode,
};

/// Extracts features from images one after another, keeping its scratch memory between them: one a thread.
#[derive(Debug, Default)]
pub struct Extractor {
    denoiser: nlm::Denoiser,
    detector: sift::Detector,
    grey: Vec<u8>,
}

/// The features of an image, and how long each stage took.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// What was found.
    pub features: FeatureSet,
    /// Times of hashing, decoding, denoising, detecting and describing.
    pub stages: StageTimes,
}

impl Extractor {
    /// An extractor without scratch memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// An extractor whose kernels use no instruction set above `most`, nor one that this machine lacks. What it extracts
    /// is the same.
    pub fn with_instruction_set(most: InstructionSet) -> Self {
        Self {
            denoiser: nlm::Denoiser::with_isa(most.nlm()),
            detector: sift::Detector::with_isa(most.sift()),
            grey: Vec::new(),
        }
    }

    /// Decodes an image, denoises it, turns it grey, detects and describes.
    ///
    /// # Errors
    /// [`ExtractError::Params`] for a parameter out of range, those of [`decode`], and
    /// [`Cancelled`](ExtractError::Cancelled) or [`DeadlineExceeded`](ExtractError::DeadlineExceeded) when `control`
    /// says so.
    pub fn extract(
        &mut self,
        bytes: &[u8],
        params: &Params,
        limits: &Limits,
        control: &Control<'_>,
    ) -> Result<Extraction, ExtractError> {
        params.validate()?;
        limits.check_bytes(bytes)?;
        let started = Instant::now();
        let image_sha256 = sha256::digest(bytes);
        let hashing = started.elapsed();
        let mut extraction = self.extract_hashed(bytes, image_sha256, params, limits, control)?;
        extraction.stages.add(Stage::Hash, hashing);
        Ok(extraction)
    }

    /// As [`extract`](Self::extract), for a caller that knows the SHA-256 of the bytes already: no time of hashing.
    ///
    /// # Errors
    /// As [`extract`](Self::extract).
    pub fn extract_hashed(
        &mut self,
        bytes: &[u8],
        image_sha256: [u8; 32],
        params: &Params,
        limits: &Limits,
        control: &Control<'_>,
    ) -> Result<Extraction, ExtractError> {
        params.validate()?;
        limits.check_bytes(bytes)?;
        let mut stages = StageTimes::default();
        let picture = self.pixels(bytes, params, limits, control, &mut stages)?;
        let (width, height) = (picture.width(), picture.height());

        let started = Instant::now();
        grey(picture.pixels(), &mut self.grey);
        // The detector needs the grey picture alone: the coloured one's memory goes back before it begins.
        drop(picture);
        let stop = || control.should_stop();
        let kernel = sift::Control { threads: control.threads, stop: Some(&stop) };
        let found = self.detector.detect(&self.grey, width, height, &params.sift, &kernel);
        let found = found.map_err(|error| match error {
            sift::Error::Params(error) => ExtractError::Params(error.into()),
            _ => control.reason(),
        })?;
        let took = started.elapsed();
        let describing = took.mul_f64(self.detector.describing_share().clamp(0.0, 1.0));
        stages.add(Stage::Detect, took - describing);
        stages.add(Stage::Describe, describing);

        let (width, height) = (width as u32, height as u32);
        let sift::Features { keypoints, descriptors } = found;
        Ok(Extraction {
            features: FeatureSet { width, height, image_sha256, keypoints, descriptors },
            stages,
        })
    }

    /// Decodes an image and denoises it, if the parameters say so.
    ///
    /// # Errors
    /// As [`extract`](Self::extract).
    pub fn denoise(
        &mut self,
        bytes: &[u8],
        params: &Params,
        limits: &Limits,
        control: &Control<'_>,
    ) -> Result<Bgr, ExtractError> {
        params.validate()?;
        self.pixels(bytes, params, limits, control, &mut StageTimes::default())
    }

    fn pixels(
        &mut self,
        bytes: &[u8],
        params: &Params,
        limits: &Limits,
        control: &Control<'_>,
        stages: &mut StageTimes,
    ) -> Result<Bgr, ExtractError> {
        control.check()?;
        let picture = stages.measure(Stage::Decode, || decode(bytes, limits))?;
        control.check()?;
        params.check_border(picture.width() as u64, picture.height() as u64, limits)?;
        let Denoise::Nlm(params) = &params.denoise else { return Ok(picture) };
        let stop = || control.should_stop();
        let kernel = nlm::Control { threads: control.threads, stop: Some(&stop) };
        let denoised = stages.measure(Stage::Denoise, || {
            let image = nlm::Image::new(picture.pixels(), picture.width(), picture.height(), 3)?;
            self.denoiser.denoise_colored(image, params, &kernel)
        });
        let pixels = denoised.map_err(|error| match error {
            nlm::Error::Params(error) => ExtractError::Params(error.into()),
            _ => control.reason(),
        })?;
        Ok(Bgr::new(pixels, picture.size(), false))
    }
}
