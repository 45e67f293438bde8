//! What the process takes: a service of its own for each size of picture, looked at from outside.

use std::fs;
use std::time::Duration;

use capacity::profile::MemoryProfile;
use extract::{Bgr, Limits, decode};
use loadgen::Via;

use super::ProfileError;
use super::instance::Instance;
use super::photographs::Class;
use super::requests::load;

/// Sides of the square pictures that are computed, px.
const SIDES: [usize; 4] = [512, 1024, 1536, 2048];
/// Connections that are opened.
const CONNECTIONS: usize = 256;

/// Peaks over pixels: the largest photograph, repeated and mirrored to several sizes, is computed by one thread. What its
/// upload takes, which is known, is not counted: it is uncompressed, as photographs are not.
pub(super) fn measure(classes: &[Class]) -> Result<MemoryProfile, ProfileError> {
    let largest =
        classes.last().and_then(|class| class.photographs.last()).ok_or(ProfileError::NoPictures)?;
    let refused = |reason: String| ProfileError::Picture { path: largest.path.clone(), reason };
    let picture = decode(&largest.bytes, &Limits::default()).map_err(|error| refused(error.to_string()))?;
    let folder = tempfile::tempdir()?;
    let mut rest = f64::INFINITY;
    let mut points = Vec::new();
    for side in SIDES {
        let path = folder.path().join(format!("{side}.ppm"));
        let bytes = mirrored(&picture, side);
        fs::write(&path, &bytes)?;
        let instance = Instance::start(&["--threads", "1", "--cache", "none:", "--max-bytes", "100 MB"])?;
        drop(instance.connection()?);
        let (resting, _) = instance.memory()?;
        rest = rest.min(resting);
        load(&instance, &path, Via::Raw, 1, Duration::from_millis(10))?;
        let (_, peak) = instance.memory()?;
        points.push(((side * side) as f64, peak - resting - bytes.len() as f64));
    }
    let (slope, intercept) = line(&points);
    Ok(MemoryProfile {
        rest_bytes: rest,
        bytes_per_pixel: slope.max(0.0),
        bytes_per_thread: intercept.max(0.0),
        bytes_per_connection: connection()?,
    })
}

fn connection() -> Result<f64, ProfileError> {
    let instance = Instance::start(&[])?;
    drop(instance.connection()?);
    let (before, _) = instance.memory()?;
    let connections: Result<Vec<_>, _> = (0..CONNECTIONS).map(|_| instance.connection()).collect();
    let connections = connections?;
    let (after, _) = instance.memory()?;
    Ok((after - before).max(0.0) / connections.len() as f64)
}

/// The picture beside and below its mirror images, as far as a square needs, as PPM.
fn mirrored(picture: &Bgr, side: usize) -> Vec<u8> {
    let (width, height) = (picture.width(), picture.height());
    let reflected = |at: usize, length: usize| {
        let at = at % (2 * length);
        if at < length { at } else { 2 * length - 1 - at }
    };
    let mut bytes = format!("P6 {side} {side} 255\n").into_bytes();
    for row in 0..side {
        for column in 0..side {
            let at = 3 * (reflected(row, height) * width + reflected(column, width));
            let pixel = picture.pixels().get(at..at + 3).unwrap_or(&[0; 3]);
            bytes.extend(pixel.iter().rev());
        }
    }
    bytes
}

/// Slope and intercept by least squares.
pub(super) fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let products: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let squares: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let slope = if squares > 0.0 { products / squares } else { 0.0 };
    (slope, y - slope * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_its_points() {
        let (slope, intercept) = line(&[(0.0, 5.0), (2.0, 9.0), (10.0, 25.0)]);
        assert!((slope - 2.0).abs() < 1e-12 && (intercept - 5.0).abs() < 1e-12);
    }

    #[test]
    fn a_mirrored_picture_continues_without_an_edge() {
        let picture = decode(b"P3 2 1 255  1 2 3  4 5 6 ", &Limits::default()).unwrap();
        let square = mirrored(&picture, 4);
        let row = [1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3];
        assert_eq!(square, [b"P6 4 4 255\n".as_slice(), &row.repeat(4)].concat());
    }
}
