use std::fmt;
use std::str::FromStr;

/// An instruction set that the kernels are compiled for, weakest first. The features are the same on each, bit for bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstructionSet {
    /// What the target always has: SSE2 on x86-64, NEON on aarch64.
    Scalar,
    /// AVX2 and fused multiply-add.
    Avx2,
    /// AVX-512, with the extensions that the kernels use.
    Avx512,
}

impl InstructionSet {
    /// All of them, weakest first.
    pub const ALL: [Self; 3] = [Self::Scalar, Self::Avx2, Self::Avx512];

    /// Its name: `scalar`, `avx2` or `avx512`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The strongest that this machine has for the kernel that takes the most time, non-local means.
    pub fn strongest() -> Self {
        match nlm::Isa::detect().level() {
            nlm::Level::Scalar => Self::Scalar,
            nlm::Level::Avx2 => Self::Avx2,
            nlm::Level::Avx512 => Self::Avx512,
        }
    }

    /// The strongest for `sift` that this machine has and that is not above this one.
    pub(crate) fn sift(self) -> sift::Isa {
        sift::Isa::at_most(match self {
            Self::Scalar => sift::Level::Scalar,
            Self::Avx2 => sift::Level::Avx2,
            Self::Avx512 => sift::Level::Avx512,
        })
    }

    /// The strongest for `nlm` that this machine has and that is not above this one.
    pub(crate) fn nlm(self) -> nlm::Isa {
        nlm::Isa::at_most(match self {
            Self::Scalar => nlm::Level::Scalar,
            Self::Avx2 => nlm::Level::Avx2,
            Self::Avx512 => nlm::Level::Avx512,
        })
    }
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no instruction set's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no instruction set is called {0}: scalar, avx2 and avx512 are")]
pub struct UnknownInstructionSet(String);

impl FromStr for InstructionSet {
    type Err = UnknownInstructionSet;

    fn from_str(name: &str) -> Result<Self, UnknownInstructionSet> {
        Self::ALL
            .into_iter()
            .find(|set| set.name() == name)
            .ok_or_else(|| UnknownInstructionSet(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::InstructionSet;

    #[test]
    fn names_are_read_back() {
        for set in InstructionSet::ALL {
            assert_eq!(set.name().parse(), Ok(set));
        }
        let error = "sse9".parse::<InstructionSet>().unwrap_err();
        assert_eq!(error.to_string(), "no instruction set is called sse9: scalar, avx2 and avx512 are");
    }
}
