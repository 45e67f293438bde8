use crate::Bgr;

impl Bgr {
    /// The picture as a PNG file, 8-bit RGB.
    ///
    /// # Errors
    /// Those of the encoder, for a picture of more than 2^31 - 1 pixels a side.
    pub fn to_png(&self) -> Result<Vec<u8>, std::io::Error> {
        let side = |len: usize| u32::try_from(len).map_err(std::io::Error::other);
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side(self.width())?, side(self.height())?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let rgb: Vec<u8> = self.pixels().as_chunks().0.iter().flat_map(|&[b, g, r]| [r, g, b]).collect();
        encoder.write_header()?.write_image_data(&rgb)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Limits, decode};

    #[test]
    fn is_read_back_as_it_was() {
        let picture = decode(b"P3 2 2 255  1 2 3  4 5 6  7 8 9  250 251 252", &Limits::default()).unwrap();
        let png = picture.to_png().unwrap();
        assert_eq!(decode(&png, &Limits::default()).unwrap().pixels(), picture.pixels());
    }
}
