//! Denoises a binary PGM: `denoise NOISY.pgm CLEAN.pgm`.

use std::error::Error;

use nlm::{Control, Denoiser, Image, Params};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(noisy), Some(clean)) = (arguments.next(), arguments.next()) else {
        return Err("usage: denoise NOISY.pgm CLEAN.pgm".into());
    };
    let file = std::fs::read(noisy)?;
    let (length, width, height) = header(&file).ok_or("not a binary PGM of 8 bits without comments")?;
    let (header, pixels) = file.split_at_checked(length).ok_or("the PGM ends before its pixels")?;
    let image = Image::new(pixels, width, height, 1)?;
    let pixels = Denoiser::new().denoise(image, &Params::default(), &Control::default())?;
    std::fs::write(clean, [header, &pixels].concat())?;
    Ok(())
}

/// Length of a P5 file's header, width and height.
fn header(file: &[u8]) -> Option<(usize, usize, usize)> {
    let mut fields = file.split(u8::is_ascii_whitespace).take(4);
    let [magic, width, height, most] = std::array::from_fn(|_| fields.next());
    let number = |field: Option<&[u8]>| std::str::from_utf8(field?).ok()?.parse::<usize>().ok();
    let length = [magic, width, height, most].iter().flatten().map(|field| field.len() + 1).sum();
    (magic == Some(b"P5") && most == Some(b"255")).then_some((length, number(width)?, number(height)?))
}
