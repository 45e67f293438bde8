/// What one variant differs from all others by: 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark([u8; Mark::LENGTH]);

impl Mark {
    /// Digits of a mark.
    pub const LENGTH: usize = 32;

    /// The mark of variant `number` of the run that drew `run` at random.
    pub fn new(run: u64, number: u64) -> Self {
        let mut digits = [0; Self::LENGTH];
        let mut rest = u128::from(run) << 64 | u128::from(number);
        for digit in digits.iter_mut().rev() {
            let value = (rest & 15) as u8;
            *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
            rest >>= 4;
        }
        Self(digits)
    }

    /// In ASCII.
    pub fn digits(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}
