/// Size classes of jemalloc: what an allocation really takes.
///
/// Multiples of the quantum up to four (or eight) of them, then four classes for each doubling. Jason Evans, *A Scalable
/// Concurrent malloc(3) Implementation for FreeBSD*, 2006; jemalloc 5, `include/jemalloc/internal/sc.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeClasses {
    /// The quantum, bytes: a power of two.
    quantum: u64,
}

impl SizeClasses {
    /// jemalloc as distributions build it, Debian among them.
    pub const SYSTEM: Self = Self { quantum: 16 };
    /// jemalloc as Redis' own source builds it (`--with-lg-quantum=3`), in its container images, too.
    pub const BUNDLED: Self = Self { quantum: 8 };

    /// What an allocation of so many bytes takes.
    ///
    /// ```
    /// use capacity::cache_memory::SizeClasses;
    ///
    /// assert_eq!(SizeClasses::SYSTEM.bytes(24), 32);
    /// assert_eq!(SizeClasses::BUNDLED.bytes(24), 24);
    /// assert_eq!(SizeClasses::SYSTEM.bytes(150_010), 163_840);
    /// ```
    pub fn bytes(self, bytes: u64) -> u64 {
        if bytes <= 8 {
            return 8;
        }
        let doubling = bytes.next_power_of_two();
        // Between a power of two and the next there are four classes, but none is less than a quantum from the next.
        let step = (doubling / 8).max(self.quantum);
        bytes.next_multiple_of(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in jemalloc(3), "Size classes", for both quanta.
    #[test]
    fn classes_are_those_of_the_manual() {
        let classes = |classes: SizeClasses, most: u64| {
            let mut sizes: Vec<u64> = (1..=most).map(|bytes| classes.bytes(bytes)).collect();
            sizes.dedup();
            sizes
        };
        let system = [8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512];
        assert_eq!(classes(SizeClasses::SYSTEM, 512), system);
        let bundled = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        assert_eq!(classes(SizeClasses::BUNDLED, 320), bundled);
        assert_eq!(SizeClasses::SYSTEM.bytes(14_337), 16_384);
        assert_eq!(SizeClasses::SYSTEM.bytes(16_385), 20_480);
        assert_eq!(SizeClasses::SYSTEM.bytes(1_000_000), 1 << 20);
    }
}
