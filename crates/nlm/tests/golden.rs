//! Against what OpenCV 5.0.0 gave; `golden/make.py` made the files.

#![allow(clippy::unwrap_used)]

use nlm::{ColoredParams, Control, Denoiser, Image, Params};

/// The golden file, taken field by field.
struct Reader(&'static [u8]);

impl Reader {
    fn take(&mut self, len: usize) -> &'static [u8] {
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }

    fn f32(&mut self) -> f32 {
        f32::from_bits(self.u32())
    }
}

#[test]
fn equals_opencv_byte_for_byte() {
    let mut file = Reader(include_bytes!("golden/cases.bin"));
    let mut denoiser = Denoiser::new();
    let mut cases = 0;
    while !file.0.is_empty() {
        let colored = file.u32() == 1;
        let [channels, width, height] = [(); 3].map(|()| file.u32() as usize);
        let [template_window, search_window] = [(); 2].map(|()| file.u32());
        let [h, h_color] = [(); 2].map(|()| file.f32());
        let len = channels * width * height;
        let image = Image::new(file.take(len), width, height, channels).unwrap();
        let expected = file.take(len);
        let luma = Params { h, template_window, search_window };
        let name = format!("{width}x{height}x{channels}, coloured {colored}, {luma:?}, h_color {h_color}");
        let actual = if colored {
            denoiser.denoise_colored(image, &ColoredParams { luma, h_color }, &Control::default())
        } else {
            denoiser.denoise(image, &luma, &Control::default())
        }
        .unwrap();
        let differing = actual.iter().zip(expected).position(|(a, b)| a != b);
        if let Some(at) = differing {
            let (x, y) = (at / channels % width, at / channels / width);
            panic!("{name}: at ({x}, {y}) {} instead of {}", actual[at], expected[at]);
        }
        cases += 1;
    }
    assert_eq!(cases, 43);
}
