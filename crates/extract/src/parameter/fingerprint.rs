use std::cell::Cell;

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
        thread_local! {
            /// Those that a service is asked for are mostly the same.
            static LAST: Cell<Option<(Params, [u8; 16])>> = const { Cell::new(None) };
        }
        match LAST.get() {
            Some((params, fingerprint)) if params == *self => fingerprint,
            _ => {
                let fingerprint = self.reckoned_fingerprint();
                LAST.set(Some((*self, fingerprint)));
                fingerprint
            }
        }
    }

    fn reckoned_fingerprint(&self) -> [u8; 16] {
        let digest = sha256::digest(Encoding::of(&ParamsBuilder::from(*self).canonical()).bytes());
        std::array::from_fn(|at| digest[at])
    }
}

/// The canonical encoding. It has a place of its own, as every lookup makes one.
struct Encoding {
    bytes: [u8; Self::LONGEST],
    len: usize,
}

impl Encoding {
    /// With the denoiser's.
    const LONGEST: usize = 1 + 4 * 4 + 2 * 4 + 3 * 8 + 2;

    fn of(params: &ParamsBuilder) -> Self {
        let ParamsBuilder { denoised, nlm, sift } = params;
        let mut encoding = Self { bytes: [0; Self::LONGEST], len: 0 };
        encoding.push([u8::from(*denoised)]);
        if *denoised {
            encoding.push(nlm.luma.h.to_le_bytes());
            encoding.push(nlm.h_color.to_le_bytes());
            encoding.push(nlm.luma.template_window.to_le_bytes());
            encoding.push(nlm.luma.search_window.to_le_bytes());
        }
        encoding.push(sift.max_features.to_le_bytes());
        encoding.push(sift.octave_layers.to_le_bytes());
        encoding.push(sift.contrast_threshold.to_le_bytes());
        encoding.push(sift.edge_threshold.to_le_bytes());
        encoding.push(sift.sigma.to_le_bytes());
        encoding.push([sift.precise_upscale.into()]);
        encoding.push([match sift.descriptor {
            Descriptor::Sift => 0,
            Descriptor::RootSift => 1,
        }]);
        encoding
    }

    fn push<const N: usize>(&mut self, field: [u8; N]) {
        self.bytes[self.len..self.len + N].copy_from_slice(&field);
        self.len += N;
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
