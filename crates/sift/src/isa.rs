//! Which instruction set the loops are compiled for, decided once a detector.

use crate::design::Design;

/// An instruction set that this machine has, and how it is best used. Results are the same bit for bit on each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Isa {
    level: Level,
    design: Design,
}

/// The instruction sets that the kernels are compiled for, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the target always has: SSE2 on x86-64, NEON on aarch64.
    Scalar,
    /// AVX2 and fused multiply-add, 256 bits.
    Avx2,
    /// AVX-512 F, BW, DQ and VL, 512 bits.
    Avx512,
}

impl Isa {
    /// The strongest set of this machine.
    pub fn detect() -> Self {
        Self::at_most(detected())
    }

    /// The strongest set of this machine that is not above `level`; the same level exactly where the machine has it.
    pub fn at_most(level: Level) -> Self {
        Self { level: level.min(detected()), design: Design::detect() }
    }

    /// Which one it is.
    pub fn level(self) -> Level {
        self.level
    }

    /// What the processor is quickest at beside it.
    pub(crate) fn design(self) -> Design {
        self.design
    }

    /// Those of this machine, weakest first. Which it lacks the tests of the crate as a whole tell.
    #[cfg(test)]
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        let levels = [Level::Scalar, Level::Avx2, Level::Avx512].into_iter();
        levels.filter(|level| *level <= detected()).map(Self::at_most)
    }

    /// The same instruction set as it is used on another design.
    #[cfg(test)]
    pub(crate) fn as_on(self, design: Design) -> Self {
        Self { design, ..self }
    }
}

#[cfg(target_arch = "x86_64")]
fn detected() -> Level {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Scalar,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detected() -> Level {
    Level::Scalar
}

/// Defines a function once and compiles it for every instruction set; the first argument picks one.
///
/// The body, and every function it is to vectorise through, must be `#[inline(always)]` plain Rust: it is inlined into
/// each instance and compiled with that instance's instructions.
macro_rules! for_each_isa {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? = $body:path;) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, unsafe_code)]
        $vis fn $name(isa: $crate::isa::Isa, $($arg: $type),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2($($arg: $type),*) $(-> $ret)? {
                $body($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
            #[allow(clippy::too_many_arguments)]
            fn avx512($($arg: $type),*) $(-> $ret)? {
                $body($($arg),*)
            }
            match isa.level() {
                // SAFETY: an `Isa` of this level exists only where the machine was found to have these instructions.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx512 => unsafe { avx512($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx2 => unsafe { avx2($($arg),*) },
                _ => $body($($arg),*),
            }
        }
    };
}
pub(crate) use for_each_isa;

/// As [`for_each_isa!`], for a body that is generic over the [`Vector`](crate::vector::Vector) of the instruction set, and over a number
/// where the function is.
macro_rules! for_each_vector {
    ($(#[$meta:meta])* $vis:vis fn $name:ident$(<const $N:ident: usize>)?($($arg:ident: $type:ty),* $(,)?) = $body:ident;) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        $vis fn $name$(<const $N: usize>)?(isa: $crate::isa::Isa, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2$(<const $N: usize>)?($($arg: $type),*) {
                $body::<std::arch::x86_64::__m256, $($N)?>($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
            fn avx512$(<const $N: usize>)?($($arg: $type),*) {
                $body::<std::arch::x86_64::__m512, $($N)?>($($arg),*)
            }
            match isa.level() {
                // SAFETY: an `Isa` of this level exists only where the machine was found to have these instructions.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx512 => unsafe { avx512$(::<$N>)?($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx2 => unsafe { avx2$(::<$N>)?($($arg),*) },
                _ => $body::<[f32; 8], $($N)?>($($arg),*),
            }
        }
    };
}
pub(crate) use for_each_vector;
