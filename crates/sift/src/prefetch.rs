//! Lines of memory that are asked for before they are needed.

#![allow(unsafe_code)]

use crate::ring::LINE;

/// Has some cache lines come to the second-level cache, on targets that can be asked to.
#[inline(always)]
pub(crate) fn prefetch(lines: &[[f32; LINE]]) {
    #[cfg(target_arch = "x86_64")]
    for line in lines {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: every processor of x86-64 has the instruction, and it changes nothing but what caches hold.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = lines;
}
