//! The compression function for sixteen messages at a time, a message to each lane of AVX-512 (what Gueron and Krasnov,
//! Simultaneous Hashing of Multiple Messages, 2012, did with four and eight lanes).
//!
//! A step costs the same however many lanes are needed, and a sixteenth of it is less than the SHA extensions take for a
//! block.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use crate::padding::BLOCK;
use crate::sha_ni::{INITIAL, ROUND, State};

/// Messages at a time.
pub(crate) const LANES: usize = 16;

/// The chaining values of all lanes: a of each, then b of each, to h.
pub(crate) struct States([[u32; LANES]; 8]);

/// Shows that this machine has AVX-512 (F and BW).
#[derive(Clone, Copy)]
pub(crate) struct MultiBuffer(());

impl States {
    /// Before the first block.
    pub(crate) fn initial() -> Self {
        Self(INITIAL.map(|word| [word; LANES]))
    }

    /// That of a lane.
    pub(crate) fn lane(&self, lane: usize) -> State {
        self.0.map(|word| word[lane])
    }
}

impl MultiBuffer {
    /// Looks once; later calls read what was found.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")).then_some(Self(()))
    }

    /// Takes blocks, of each lane equally many, into the states.
    pub(crate) fn compress(self, states: &mut States, blocks: [&[[u8; BLOCK]]; LANES]) {
        // SAFETY: a `MultiBuffer` exists only where the machine was found to have these instructions.
        unsafe { compress(&mut states.0, blocks) }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn compress(states: &mut [[u32; LANES]; 8], blocks: [&[[u8; BLOCK]]; LANES]) {
    let count = blocks.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
    let mut state = [_mm512_setzero_si512(); 8];
    for (vector, words) in state.iter_mut().zip(&*states) {
        // SAFETY: sixteen words are there, and the load asks for no alignment.
        *vector = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
    }
    #[allow(clippy::needless_range_loop, reason = "it indexes the blocks of every lane")]
    for at in 0..count {
        let mut rows = [_mm512_setzero_si512(); LANES];
        for lane in 0..LANES {
            rows[lane] = load(&blocks[lane][at]);
        }
        let mut words = transposed(&rows);
        let before = state;
        // Written out: only where the step is a constant can the words of the ring stay in registers.
        four_rounds::<0>(&mut state, &mut words);
        four_rounds::<1>(&mut state, &mut words);
        four_rounds::<2>(&mut state, &mut words);
        four_rounds::<3>(&mut state, &mut words);
        four_rounds::<4>(&mut state, &mut words);
        four_rounds::<5>(&mut state, &mut words);
        four_rounds::<6>(&mut state, &mut words);
        four_rounds::<7>(&mut state, &mut words);
        four_rounds::<8>(&mut state, &mut words);
        four_rounds::<9>(&mut state, &mut words);
        four_rounds::<10>(&mut state, &mut words);
        four_rounds::<11>(&mut state, &mut words);
        four_rounds::<12>(&mut state, &mut words);
        four_rounds::<13>(&mut state, &mut words);
        four_rounds::<14>(&mut state, &mut words);
        four_rounds::<15>(&mut state, &mut words);
        for (word, before) in state.iter_mut().zip(before) {
            *word = _mm512_add_epi32(*word, before);
        }
    }
    for (vector, words) in state.iter().zip(states) {
        // SAFETY: sixteen words have room, and the store asks for no alignment.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), *vector) };
    }
}

/// Rounds `4 * STEP` to `4 * STEP + 3` of every lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn four_rounds<const STEP: usize>(state: &mut [__m512i; 8], words: &mut [__m512i; LANES]) {
    // Four rounds on, a to d have become e to h: the words stay where they are, and their names move.
    if STEP.is_multiple_of(2) {
        round::<STEP, 0, 0>(state, words);
        round::<STEP, 1, 7>(state, words);
        round::<STEP, 2, 6>(state, words);
        round::<STEP, 3, 5>(state, words);
    } else {
        round::<STEP, 0, 4>(state, words);
        round::<STEP, 1, 3>(state, words);
        round::<STEP, 2, 2>(state, words);
        round::<STEP, 3, 1>(state, words);
    }
}

/// A round (FIPS 180-4, 6.2.2, step 3) where a is the word `A` of the state. `words` are the last sixteen of the schedule,
/// as a ring: the one used up makes room for that of sixteen rounds later.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn round<const STEP: usize, const I: usize, const A: usize>(
    state: &mut [__m512i; 8],
    words: &mut [__m512i; LANES],
) {
    const MAJORITY: i32 = 0xe8;
    const CHOICE: i32 = 0xca;
    let t = (4 * STEP + I) % 16;
    let [a, b, c] = [state[A], state[(A + 1) % 8], state[(A + 2) % 8]];
    let [e, f, g] = [state[(A + 4) % 8], state[(A + 5) % 8], state[(A + 6) % 8]];
    let keyed = _mm512_add_epi32(words[t], _mm512_set1_epi32(ROUND[STEP][I] as i32));
    let big = xor3(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11), _mm512_ror_epi32(e, 25));
    let chosen = _mm512_add_epi32(big, _mm512_ternarylogic_epi32::<CHOICE>(e, f, g));
    let first = _mm512_add_epi32(_mm512_add_epi32(state[(A + 7) % 8], keyed), chosen);
    let big = xor3(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13), _mm512_ror_epi32(a, 22));
    let second = _mm512_add_epi32(big, _mm512_ternarylogic_epi32::<MAJORITY>(a, b, c));
    state[(A + 3) % 8] = _mm512_add_epi32(state[(A + 3) % 8], first);
    state[(A + 7) % 8] = _mm512_add_epi32(first, second);
    if STEP < 12 {
        let (w1, w14) = (words[(t + 1) % 16], words[(t + 14) % 16]);
        let small = xor3(_mm512_ror_epi32(w1, 7), _mm512_ror_epi32(w1, 18), _mm512_srli_epi32(w1, 3));
        let sum = _mm512_add_epi32(_mm512_add_epi32(words[t], small), words[(t + 9) % 16]);
        let small = xor3(_mm512_ror_epi32(w14, 17), _mm512_ror_epi32(w14, 19), _mm512_srli_epi32(w14, 10));
        words[t] = _mm512_add_epi32(sum, small);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

/// The sixteen words of a block.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(block: &[u8; BLOCK]) -> __m512i {
    let big_endian = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203));
    // SAFETY: 64 bytes are there, and the load asks for no alignment.
    let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    _mm512_shuffle_epi8(bytes, big_endian)
}

/// From the words of each lane to the lanes of each word: pairs and fours of rows within each quarter of a vector, then
/// the quarters.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transposed(rows: &[__m512i; LANES]) -> [__m512i; LANES] {
    const EVEN: i32 = 0x88;
    const ODD: i32 = 0xdd;
    let mut quarters = [[_mm512_setzero_si512(); 4]; 4];
    for (four, rows) in quarters.iter_mut().zip(rows.as_chunks::<4>().0) {
        let low = [_mm512_unpacklo_epi32(rows[0], rows[1]), _mm512_unpacklo_epi32(rows[2], rows[3])];
        let high = [_mm512_unpackhi_epi32(rows[0], rows[1]), _mm512_unpackhi_epi32(rows[2], rows[3])];
        *four = [
            _mm512_unpacklo_epi64(low[0], low[1]),
            _mm512_unpackhi_epi64(low[0], low[1]),
            _mm512_unpacklo_epi64(high[0], high[1]),
            _mm512_unpackhi_epi64(high[0], high[1]),
        ];
    }
    let mut words = [_mm512_setzero_si512(); LANES];
    for word in 0..4 {
        let [first, second, third, fourth] = [0, 1, 2, 3].map(|four: usize| quarters[four][word]);
        let even = [_mm512_shuffle_i32x4::<EVEN>(first, second), _mm512_shuffle_i32x4::<EVEN>(third, fourth)];
        let odd = [_mm512_shuffle_i32x4::<ODD>(first, second), _mm512_shuffle_i32x4::<ODD>(third, fourth)];
        words[word] = _mm512_shuffle_i32x4::<EVEN>(even[0], even[1]);
        words[word + 4] = _mm512_shuffle_i32x4::<EVEN>(odd[0], odd[1]);
        words[word + 8] = _mm512_shuffle_i32x4::<ODD>(even[0], even[1]);
        words[word + 12] = _mm512_shuffle_i32x4::<ODD>(odd[0], odd[1]);
    }
    words
}
