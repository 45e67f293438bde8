//! 8 lanes in plain Rust, for 128-bit vectors that every target has: SSE2, NEON.

#![allow(unsafe_code)]

use std::array::from_fn;

use super::{LARGEST_INDEX, LISTED, Lanes, LookUp, SumForm};
use crate::weights::Weights;

#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(crate) struct Portable([u16; 8]);

/// 32-bit lanes.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(crate) struct Wide([i32; 4]);

/// Weights by index, and what sums are shifted by.
pub(crate) struct SumWeigher<'a> {
    table: &'a [u32],
    shift: u32,
}

impl SumWeigher<'_> {
    #[inline(always)]
    fn weight(&self, sum: i32) -> u32 {
        self.table.get((sum as u32 >> self.shift) as usize).copied().unwrap_or(0)
    }
}

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, operation: impl Fn(u16, u16) -> u16) -> Self {
        Self(from_fn(|lane| operation(self.0[lane], other.0[lane])))
    }
}

// SAFETY: both types are arrays of integers, 16 bytes.
unsafe impl Lanes for Portable {
    const LANES: usize = 8;
    const REGISTERS: usize = 16;
    const MOST_IN_COLUMNS: usize = usize::MAX;
    type Wide = Wide;
    /// Weights by index, the last of them zero.
    type Table = Vec<u32>;
    type Weigher = Vec<u32>;
    type SumWeigher<'a> = SumWeigher<'a>;

    #[inline(always)]
    fn splat(value: u16) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    fn splat_pair(pair: &[u16; 2]) -> Self {
        Self(from_fn(|lane| pair[lane % 2]))
    }

    #[inline(always)]
    fn load(from: &[u16]) -> Self {
        let from = &from[..8];
        Self(from_fn(|lane| from[lane]))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, u16::wrapping_add)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, u16::wrapping_sub)
    }

    #[inline(always)]
    fn saturating_add(self, other: Self) -> Self {
        self.zip(other, u16::saturating_add)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, u16::wrapping_mul)
    }

    #[inline(always)]
    fn mul_fraction(self, other: Self) -> Self {
        self.zip(other, |a, b| ((i32::from(a as i16) * i32::from(b as i16) + (1 << 14)) >> 15) as u16)
    }

    #[inline(always)]
    fn average(self, other: Self) -> Self {
        self.zip(other, |a, b| ((u32::from(a) + u32::from(b) + 1) >> 1) as u16)
    }

    #[inline(always)]
    fn shift_right<const BITS: i32>(self) -> Self {
        Self(self.0.map(|lane| lane >> BITS))
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(always)]
    fn negate_odd(self) -> Self {
        Self(from_fn(|lane| if lane % 2 == 1 { self.0[lane].wrapping_neg() } else { self.0[lane] }))
    }

    #[inline(always)]
    fn odd(self, other: Self) -> Self {
        Self(from_fn(|lane| if lane % 2 == 1 { other.0[lane] } else { self.0[lane] }))
    }

    #[inline(always)]
    fn interleave(self, other: Self) -> [Self; 2] {
        let (a, b) = (self.0, other.0);
        [[a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]], [a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7]]]
            .map(Self)
    }

    #[inline(always)]
    fn pair(self, other: Self) -> [Self; 2] {
        [0, 1].map(|odd| {
            Self(from_fn(|lane| if lane % 2 == 0 { self.0[lane + odd] } else { other.0[lane - 1 + odd] }))
        })
    }

    #[inline(always)]
    fn wide_zero() -> Wide {
        Wide([0; 4])
    }

    #[inline(always)]
    fn products(a: Self, b: Self) -> Wide {
        let product: [i32; 8] = from_fn(|lane| i32::from(a.0[lane] as i16) * i32::from(b.0[lane] as i16));
        Wide(from_fn(|lane| product[2 * lane].wrapping_add(product[2 * lane + 1])))
    }

    #[inline(always)]
    fn dot(sums: Wide, a: Self, b: Self) -> Wide {
        Self::wide_add(sums, Self::products(a, b))
    }

    #[inline(always)]
    fn wide_load(from: &[u32]) -> Wide {
        let from = &from[..4];
        Wide(from_fn(|lane| from[lane] as i32))
    }

    #[inline(always)]
    fn wide_store(vector: Wide, to: &mut [u32]) {
        to[..4].copy_from_slice(&vector.0.map(|lane| lane as u32));
    }

    #[inline(always)]
    fn wide_add(a: Wide, b: Wide) -> Wide {
        Wide(from_fn(|lane| a.0[lane].wrapping_add(b.0[lane])))
    }

    #[inline(always)]
    fn wide_sub(a: Wide, b: Wide) -> Wide {
        Wide(from_fn(|lane| a.0[lane].wrapping_sub(b.0[lane])))
    }

    #[inline(always)]
    fn shift(vector: Wide, last: u32) -> (u32, Wide) {
        let [first, a, b, c] = vector.0;
        (first as u32, Wide([a, b, c, last as i32]))
    }

    #[inline(always)]
    fn narrow(vectors: [Wide; 2], shift: u32) -> Self {
        let index = |lane: i32| ((lane as u32) >> shift).min(LARGEST_INDEX.into()) as u16;
        Self(from_fn(|lane| index(vectors[lane / 4].0[lane % 4])))
    }

    #[inline(always)]
    fn add_lane_sums(vectors: &[Wide], stride: usize, sums: &mut [u32]) {
        for (sum, vector) in sums.iter_mut().zip(vectors.iter().step_by(stride)) {
            *sum = vector.0.iter().fold(*sum, |sum, &lane| sum.wrapping_add(lane as u32));
        }
    }

    fn weigher(table: &Vec<u32>) -> Vec<u32> {
        table.clone()
    }

    fn table(weights: &Weights, _: LookUp) -> Option<Vec<u32>> {
        Some(weights.table().to_vec())
    }

    #[inline(always)]
    fn ends(weigher: &Vec<u32>) -> Self {
        // The last weight is zero.
        Self::splat(weigher.len().saturating_sub(1) as u16)
    }

    #[inline(always)]
    fn weigh<const LONG: bool>(weigher: &Vec<u32>, indices: Self, ends: Self) -> Self {
        let weight = |index: u16| weigher.get(usize::from(index)).copied().unwrap_or(0) as u16;
        indices.zip(ends, |index, end| if (index as i16) < end as i16 { weight(index) } else { 0 })
    }

    fn sum_form(_: &Vec<u32>) -> SumForm {
        LISTED
    }

    fn sum_weigher(table: &Vec<u32>, shift: u32) -> SumWeigher<'_> {
        SumWeigher { table, shift }
    }

    #[inline(always)]
    fn first_sums(_: &SumWeigher<'_>) -> [Wide; 2] {
        [Self::wide_zero(); 2]
    }

    #[inline(always)]
    fn weigh_sums<const FORM: SumForm>(weigher: &SumWeigher<'_>, sums: [Wide; 2]) -> Self {
        Self(from_fn(|lane| weigher.weight(sums[lane % 2].0[lane / 2]) as u16))
    }

    #[inline(always)]
    fn weigh_sums_with_carries<const FORM: SumForm>(weigher: &SumWeigher<'_>, sums: [Wide; 2]) -> [Self; 2] {
        let weights: [u32; 8] = from_fn(|lane| weigher.weight(sums[lane % 2].0[lane / 2]));
        [
            Self(from_fn(|lane| weights[lane] as u16)),
            Self(from_fn(|lane| ((weights[lane] + (1 << 15)) >> 16) as u16)),
        ]
    }
}
