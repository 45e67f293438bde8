//! The rows of a blur along them.

use std::slice::{Chunks, ChunksMut};

use crate::ring::{LINE, Padded};

/// Rows to be blurred along, those that the sums are for, and those to be fetched meanwhile.
pub(super) struct Rows<'a> {
    padded: Chunks<'a, f32>,
    margin: usize,
    out: ChunksMut<'a, f32>,
    width: usize,
    coming: Chunks<'a, f32>,
}

/// Some of [`Rows`].
pub(super) struct Group<'a, const ROWS: usize> {
    /// Each from `margin` samples before its first one on.
    pub(super) padded: [&'a [f32]; ROWS],
    pub(super) margin: usize,
    /// As many lines each.
    pub(super) out: [&'a mut [[f32; LINE]]; ROWS],
    /// Lines that are fetched, none where nothing is to be.
    pub(super) coming: [&'a [[f32; LINE]]; ROWS],
}

impl<'a> Rows<'a> {
    /// Rows of `width` samples, in whole lines.
    pub(super) fn new(
        Padded { samples, stride, margin }: Padded<'a>,
        (out, out_stride): (&'a mut [f32], usize),
        width: usize,
        (coming, coming_stride): (&'a [f32], usize),
    ) -> Self {
        Self {
            padded: samples.chunks(stride),
            margin,
            out: out.chunks_mut(out_stride),
            width,
            coming: coming.chunks(coming_stride),
        }
    }

    /// The next ones, as long as there are as many.
    #[inline(always)]
    pub(super) fn next<const ROWS: usize>(&mut self) -> Option<Group<'a, ROWS>> {
        let mut padded = [&[][..]; ROWS];
        for row in &mut padded {
            *row = self.padded.next()?;
        }
        let out =
            std::array::from_fn(|_| self.out.next().unwrap_or_default()[..self.width].as_chunks_mut().0);
        let coming = std::array::from_fn(|_| self.coming.next().unwrap_or_default().as_chunks().0);
        Some(Group { padded, margin: self.margin, out, coming })
    }
}

impl<const ROWS: usize> Group<'_, ROWS> {
    /// How many lines each row has.
    #[inline(always)]
    pub(super) fn lines(&self) -> usize {
        self.out.iter().map(|out| out.len()).min().unwrap_or(0)
    }
}
