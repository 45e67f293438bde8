//! What a processor is quickest at beside its instructions, decided once a detector. Results do not depend on it.

/// Designs of processors that differ in what is quickest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Design {
    /// AMD's. On Zen 4 one of the two pipes for multiply-adds shuffles, too, loads of 32 bytes that aren't aligned take about twice as
    /// long as others, and the third-level cache is hardly slower than the second-level one, of 1 MiB.
    Amd,
    /// Intel's Xeon, and what was not measured.
    Other,
}

impl Design {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 2] = [Self::Amd, Self::Other];

    /// That of this machine.
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code, unused_unsafe, reason = "the function is unsafe up to the compilers of 2025")]
    pub(crate) fn detect() -> Self {
        // SAFETY: every processor of x86-64 has the instruction, and leaf 0 of it.
        let vendor = unsafe { std::arch::x86_64::__cpuid(0) };
        let name = [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes);
        if name.as_flattened() == b"AuthenticAMD" { Self::Amd } else { Self::Other }
    }

    /// That of this machine.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn detect() -> Self {
        Self::Other
    }

    /// Columns of an octave that a strip is for: few enough that memory is bounded by it and not by the picture's width, and
    /// that caches hold its rows; many enough that those computed twice at its sides are a small share.
    pub(crate) fn strip_columns(self) -> usize {
        match self {
            Self::Amd => 2000,
            Self::Other => 1300,
        }
    }
}
