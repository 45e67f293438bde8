use super::corrupt;
use crate::ExtractError;
use crate::decode::reduce::unpack;
use crate::limits::Size;

const END_OF_LINE: u8 = 0;
const END_OF_BITMAP: u8 = 1;
const DELTA: u8 = 2;

/// Expands RLE8 or RLE4 to one index a pixel, in stored row order. Pixels left out are index 0.
pub(super) fn decode(data: &[u8], size: Size, bits: u8) -> Result<Vec<u8>, ExtractError> {
    let mut canvas = Canvas { indices: vec![0; size.area()], size, x: 0, y: 0 };
    let mut data = data;
    while canvas.y < size.height {
        match take(&mut data)? {
            [0, END_OF_LINE] => canvas.skip_lines(1, 0),
            [0, END_OF_BITMAP] => break,
            [0, DELTA] => {
                let [right, down] = take(&mut data)?;
                canvas.skip(right, down)?;
            }
            [0, count] => {
                let count = usize::from(count);
                let stored = (count * usize::from(bits)).div_ceil(16) * 2;
                let packed = data.split_off(..stored).ok_or_else(ends_early)?;
                canvas.write(unpack(packed, bits), count)?;
            }
            [count, value] => {
                let pattern = unpack(std::slice::from_ref(&value), bits).collect::<Vec<_>>();
                canvas.write(pattern.iter().copied().cycle(), usize::from(count))?;
            }
        }
        // The last row may be full without an end-of-bitmap behind it.
        if canvas.is_full() {
            break;
        }
    }
    Ok(canvas.indices)
}

fn take(data: &mut &[u8]) -> Result<[u8; 2], ExtractError> {
    match data.split_off(..2) {
        Some(&[first, second]) => Ok([first, second]),
        _ => Err(ends_early()),
    }
}

fn ends_early() -> ExtractError {
    corrupt("it ends before its last row")
}

struct Canvas {
    indices: Vec<u8>,
    size: Size,
    x: usize,
    y: usize,
}

impl Canvas {
    fn write(&mut self, values: impl Iterator<Item = u8>, count: usize) -> Result<(), ExtractError> {
        // Some encoders leave the end of a line out where the line is full.
        if self.x == self.size.width {
            self.skip_lines(1, 0);
        }
        let line = self.indices.chunks_exact_mut(self.size.width).nth(self.y);
        let run = line.and_then(|line| line.get_mut(self.x..self.x + count));
        for (index, value) in
            run.ok_or_else(|| corrupt("a run crosses the end of its row"))?.iter_mut().zip(values)
        {
            *index = value;
        }
        self.x += count;
        Ok(())
    }

    fn skip_lines(&mut self, down: usize, x: usize) {
        self.y += down;
        self.x = x;
    }

    fn skip(&mut self, right: u8, down: u8) -> Result<(), ExtractError> {
        let x = self.x + usize::from(right);
        if x > self.size.width {
            return Err(corrupt("a jump leaves its row"));
        }
        self.skip_lines(usize::from(down), x);
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.y + 1 == self.size.height && self.x == self.size.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 4, height: 2 };

    #[test]
    fn runs_literals_and_jumps_are_followed() {
        let stream = [2, 7, 0, 3, 1, 2, 3, 0, 0, 1, 4, 9];
        // The literal of three does not fit behind the run of two.
        assert_eq!(decode(&stream, SIZE, 8), Err(corrupt("a run crosses the end of its row")));
        let stream = [0, 3, 1, 2, 3, 0, 1, 5, 0, 0, 0, DELTA, 2, 0, 2, 9];
        assert_eq!(decode(&stream, SIZE, 8), Ok(vec![1, 2, 3, 5, 0, 0, 9, 9]));
    }

    #[test]
    fn nibbles_alternate_in_a_run_of_four_bits() {
        assert_eq!(decode(&[3, 0xab, 0, 0, 0, 1], SIZE, 4), Ok(vec![10, 11, 10, 0, 0, 0, 0, 0]));
    }

    #[test]
    fn a_stream_that_stops_is_an_error() {
        assert_eq!(decode(&[4, 1, 0, 0], SIZE, 8), Err(ends_early()));
        assert_eq!(decode(&[4, 1, 0], SIZE, 8), Err(ends_early()));
    }
}
