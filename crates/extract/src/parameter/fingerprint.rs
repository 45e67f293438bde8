use super::ParamsBuilder;
use crate::{Descriptor, Params};

impl Params {
    /// Stands for the parameters in keys: the first 16 bytes of the SHA-256 of their canonical encoding. Parameters that
    /// mean the same have the same fingerprint, and only they: the denoiser's count only where there is denoising, an
    /// even window is the next odd one, and zero has no sign.
    ///
    /// The encoding is, numbers little-endian without gaps:
    ///
    /// | field | type |
    /// |---|---|
    /// | `denoise` | u8: 0 none, 1 nlm |
    /// | `h`, `h_color` | f32 each, if nlm |
    /// | `template_window`, `search_window` | u32 each, if nlm |
    /// | `max_features`, `octave_layers` | u32 each |
    /// | `contrast_threshold`, `edge_threshold`, `sigma` | f64 each |
    /// | `precise_upscale` | u8: 0 or 1 |
    /// | `descriptor` | u8: 0 sift, 1 rootsift |
    pub fn fingerprint(&self) -> [u8; 16] {
        let digest = sha256::digest(&encoding(&ParamsBuilder::from(*self).canonical()));
        std::array::from_fn(|at| digest[at])
    }
}

fn encoding(params: &ParamsBuilder) -> Vec<u8> {
    let ParamsBuilder { denoised, nlm, sift } = params;
    let mut bytes = vec![u8::from(*denoised)];
    if *denoised {
        bytes.extend(nlm.luma.h.to_le_bytes());
        bytes.extend(nlm.h_color.to_le_bytes());
        bytes.extend(nlm.luma.template_window.to_le_bytes());
        bytes.extend(nlm.luma.search_window.to_le_bytes());
    }
    bytes.extend(sift.max_features.to_le_bytes());
    bytes.extend(sift.octave_layers.to_le_bytes());
    bytes.extend(sift.contrast_threshold.to_le_bytes());
    bytes.extend(sift.edge_threshold.to_le_bytes());
    bytes.extend(sift.sigma.to_le_bytes());
    bytes.push(sift.precise_upscale.into());
    bytes.push(match sift.descriptor {
        Descriptor::Sift => 0,
        Descriptor::RootSift => 1,
    });
    bytes
}
