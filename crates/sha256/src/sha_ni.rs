//! The compression function with the SHA extensions of x86-64, for any number of messages at a time.
//!
//! A round waits for the one before it: one message leaves the unit idle for nearly half of the time, which a second one fills.
//! Three would need more than the sixteen registers there are.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use crate::Digest;
use crate::padding::{BLOCK, Tail};

/// The chaining value: a to h.
pub(crate) type State = [u32; 8];

/// FIPS 180-4, 5.3.3.
pub(crate) const INITIAL: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// FIPS 180-4, 4.2.2.
#[rustfmt::skip]
pub(crate) const ROUND: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5], [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3], [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc], [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7], [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13], [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3], [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5], [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208], [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// Shows that this machine has the SHA extensions.
#[derive(Clone, Copy)]
pub(crate) struct ShaNi(());

impl ShaNi {
    /// Looks once; later calls read what was found.
    pub(crate) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("sse4.1")
            && is_x86_feature_detected!("ssse3");
        found.then_some(Self(()))
    }

    pub(crate) fn digest(self, message: &[u8]) -> Digest {
        let (whole, tail) = Tail::split(message);
        let mut states = [INITIAL];
        self.compress(&mut states, [whole]);
        self.compress(&mut states, [tail.blocks()]);
        bytes(&states[0])
    }

    /// The blocks that both have together, the rest alone.
    pub(crate) fn compress_pair(self, states: &mut [State; 2], blocks: [&[u8]; 2]) {
        let common = blocks[0].len().min(blocks[1].len());
        let [(first, first_rest), (second, second_rest)] = blocks.map(|blocks| blocks.split_at(common));
        self.compress(states, [first, second]);
        let [first, second] = states;
        self.compress(std::array::from_mut(first), [first_rest]);
        self.compress(std::array::from_mut(second), [second_rest]);
    }

    /// Takes whole blocks, of each message equally many, into the states.
    pub(crate) fn compress<const N: usize>(self, states: &mut [State; N], blocks: [&[u8]; N]) {
        // SAFETY: a `ShaNi` exists only where the machine was found to have these instructions.
        unsafe { compress(states, blocks) }
    }
}

/// Big-endian, as FIPS 180-4 writes it.
pub(crate) fn bytes(state: &State) -> Digest {
    let mut digest = Digest::default();
    for (to, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    digest
}

#[target_feature(enable = "sha,sse4.1,ssse3")]
fn compress<const N: usize>(states: &mut [State; N], blocks: [&[u8]; N]) {
    let blocks = blocks.map(|blocks| blocks.as_chunks::<BLOCK>().0);
    let count = blocks.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
    let mut halves = [[_mm_setzero_si128(); 2]; N];
    for lane in 0..N {
        halves[lane] = pack(&states[lane]);
    }
    #[allow(clippy::needless_range_loop, reason = "it indexes the blocks of every lane")]
    for at in 0..count {
        let mut words = [[_mm_setzero_si128(); 4]; N];
        for lane in 0..N {
            words[lane] = load(&blocks[lane][at]);
        }
        let before = halves;
        // Written out: only where the step is a constant can the words of the ring stay in registers.
        four_rounds::<N, 0>(&mut halves, &mut words);
        four_rounds::<N, 1>(&mut halves, &mut words);
        four_rounds::<N, 2>(&mut halves, &mut words);
        four_rounds::<N, 3>(&mut halves, &mut words);
        four_rounds::<N, 4>(&mut halves, &mut words);
        four_rounds::<N, 5>(&mut halves, &mut words);
        four_rounds::<N, 6>(&mut halves, &mut words);
        four_rounds::<N, 7>(&mut halves, &mut words);
        four_rounds::<N, 8>(&mut halves, &mut words);
        four_rounds::<N, 9>(&mut halves, &mut words);
        four_rounds::<N, 10>(&mut halves, &mut words);
        four_rounds::<N, 11>(&mut halves, &mut words);
        four_rounds::<N, 12>(&mut halves, &mut words);
        four_rounds::<N, 13>(&mut halves, &mut words);
        four_rounds::<N, 14>(&mut halves, &mut words);
        four_rounds::<N, 15>(&mut halves, &mut words);
        for lane in 0..N {
            halves[lane][0] = _mm_add_epi32(halves[lane][0], before[lane][0]);
            halves[lane][1] = _mm_add_epi32(halves[lane][1], before[lane][1]);
        }
    }
    for lane in 0..N {
        states[lane] = unpack(halves[lane]);
    }
}

/// Rounds `4 * STEP` to `4 * STEP + 3` of every lane. `words` are the last sixteen of the schedule, as a ring: those
/// used up make room for those of four steps later.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn four_rounds<const N: usize, const STEP: usize>(
    halves: &mut [[__m128i; 2]; N],
    words: &mut [[__m128i; 4]; N],
) {
    let [k0, k1, k2, k3] = ROUND[STEP].map(|k| k as i32);
    let constants = _mm_set_epi32(k3, k2, k1, k0);
    let mut sums = [constants; N];
    for lane in 0..N {
        let [abef, cdgh] = &mut halves[lane];
        sums[lane] = _mm_add_epi32(words[lane][STEP % 4], constants);
        *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sums[lane]);
    }
    for lane in 0..N {
        let [abef, cdgh] = &mut halves[lane];
        *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sums[lane], 0b1110));
    }
    if STEP < 12 {
        for lane in &mut *words {
            let [oldest, old, recent, last] =
                [lane[STEP % 4], lane[(STEP + 1) % 4], lane[(STEP + 2) % 4], lane[(STEP + 3) % 4]];
            let small = _mm_sha256msg1_epu32(oldest, old);
            let sum = _mm_add_epi32(small, _mm_alignr_epi8(last, recent, 4));
            lane[STEP % 4] = _mm_sha256msg2_epu32(sum, last);
        }
    }
}

/// The sixteen words of a block.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn load(block: &[u8; BLOCK]) -> [__m128i; 4] {
    let big_endian = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let mut words = [_mm_setzero_si128(); 4];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<16>().0) {
        // SAFETY: sixteen bytes are there, and the load asks for no alignment.
        let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
        *word = _mm_shuffle_epi8(bytes, big_endian);
    }
    words
}

/// The order in which the instructions take the state: a, b, e and f; c, d, g and h; from the top.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn pack(state: &State) -> [__m128i; 2] {
    let [a, b, c, d, e, f, g, h] = state.map(|word| word as i32);
    [_mm_set_epi32(a, b, e, f), _mm_set_epi32(c, d, g, h)]
}

#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn unpack([abef, cdgh]: [__m128i; 2]) -> State {
    [
        _mm_extract_epi32(abef, 3),
        _mm_extract_epi32(abef, 2),
        _mm_extract_epi32(cdgh, 3),
        _mm_extract_epi32(cdgh, 2),
        _mm_extract_epi32(abef, 1),
        _mm_extract_epi32(abef, 0),
        _mm_extract_epi32(cdgh, 1),
        _mm_extract_epi32(cdgh, 0),
    ]
    .map(|word| word as u32)
}
