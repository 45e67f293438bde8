//! An image and how it is to be denoised.

use crate::Params;
use crate::isa::Isa;
use crate::planes::Planes;
use crate::weights::Weights;

/// What bands of one image have in common.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) planes: &'a Planes,
    pub(crate) channels: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) params: &'a Params,
    pub(crate) weights: &'a Weights,
    pub(crate) isa: Isa,
}
