//! Extrema that left their strip, followed to their places.

use std::ops::Range;

use super::{Finder, Search};
use crate::Error;
use crate::octave::Octave;
use crate::refine::{Extremum, Outcome};
use crate::strip::{self, Strip, StripMemory};
use crate::vicinity::{self, Vicinity, VicinityMemory};

/// Where strays are followed.
pub(super) struct Ground<'a> {
    pub(super) octave: Octave<'a>,
    /// Columns of each strip but the last.
    pub(super) strip: usize,
}

/// What is computed around strays.
pub(super) struct Memory<'a> {
    pub(super) strip: &'a mut StripMemory,
    pub(super) vicinity: &'a mut VicinityMemory,
}

impl Finder {
    /// Follows the extrema that left a strip, or are ahead of its end, to their places: each in levels of its own or, where many are
    /// near each other, in a strip that passes by.
    pub(super) fn follow_strays(
        &mut self,
        ground: &Ground<'_>,
        memory: &mut Memory<'_>,
        search: &Search<'_>,
    ) -> Result<(), Error> {
        self.strayed.append(&mut self.ahead);
        // Those among the same columns that are near each other; the rest comes later, and what leaves these with it.
        while let Some(stray) = self.strayed.last() {
            let index = stray.x / ground.strip;
            let strayed = std::mem::take(&mut self.strayed).into_iter();
            let (mut group, elsewhere): (Vec<_>, _) =
                strayed.partition(|stray| stray.x / ground.strip == index);
            self.strayed = elsewhere;
            group.sort_unstable_by_key(|stray| stray.y);
            self.strayed.extend(group.drain(near(&group, ground.octave.reach.beginning())..));
            if is_crowd(&ground.octave, &group) {
                self.follow_crowd(ground.octave, group, memory.strip, search)?;
            } else {
                for stray in group {
                    self.follow_alone(ground.octave, stray, memory, search)?;
                }
            }
        }
        Ok(())
    }

    /// Follows one as far as the levels around it go. A keypoint has a narrow strip of its own.
    fn follow_alone(
        &mut self,
        octave: Octave<'_>,
        stray: Extremum,
        memory: &mut Memory<'_>,
        search: &Search<'_>,
    ) -> Result<(), Error> {
        let Search { params, control, ref bar } = *search;
        if control.should_stop() {
            return Err(Error::Stopped);
        }
        let Extremum { layer, y, x, .. } = stray;
        let mut vicinity = Vicinity::new(&octave, (layer, y, x), memory.vicinity)?;
        match stray.refine(&octave, &mut vicinity, params) {
            Outcome::Accepted(refined) if bar.excludes(refined.keypoint.response) => {}
            Outcome::Accepted(refined) => {
                let mut strip = Strip::new(octave, &(refined.x..refined.x + 1), memory.strip);
                strip.seek(refined.y);
                strip.advance(refined.y, control)?;
                self.orient(&strip, search, refined);
                self.describe(&strip);
            }
            Outcome::Escaped(stray) => self.strayed.push(stray),
            Outcome::Rejected => {}
        }
        Ok(())
    }

    /// Follows some that are near each other in a strip of their columns that passes by. Where it takes some far from all others it ends.
    fn follow_crowd(
        &mut self,
        octave: Octave<'_>,
        strays: Vec<Extremum>,
        memory: &mut StripMemory,
        search: &Search<'_>,
    ) -> Result<(), Error> {
        let columns = columns(&strays);
        let first = |strays: &[Extremum]| strays.iter().map(|stray| stray.y).min();
        let Some(mut row) = first(&strays) else { return Ok(()) };
        self.ahead = strays;
        let mut strip = Strip::new(octave, &columns, memory);
        strip.seek(row);
        loop {
            strip.advance(row, search.control)?;
            self.follow_those_ahead(&mut strip, search);
            self.describe(&strip);
            match first(&self.ahead) {
                Some(next) if next < row + octave.reach.beginning() => row = next,
                _ => break,
            }
        }
        self.strayed.append(&mut self.ahead);
        Ok(())
    }
}

/// How many of some, in the order of their rows, are less than `gap` rows from the one before.
fn near(strays: &[Extremum], gap: usize) -> usize {
    let far = strays.windows(2).position(|pair| pair[1].y - pair[0].y >= gap);
    far.map_or(strays.len(), |last| last + 1)
}

/// The columns that some are in.
fn columns(strays: &[Extremum]) -> Range<usize> {
    let columns = || strays.iter().map(|stray| stray.x);
    columns().min().unwrap_or(0)..columns().max().map_or(0, |last| last + 1)
}

/// Whether a strip that passes all of some, in the order of their rows, takes less than levels around each.
fn is_crowd(octave: &Octave<'_>, strays: &[Extremum]) -> bool {
    let [Some(first), Some(last)] = [strays.first(), strays.last()] else { return false };
    let rows = octave.reach.beginning() + last.y - first.y;
    let alone = strays.iter().map(|stray| vicinity::multiply_adds(octave, stray.layer));
    rows * strip::multiply_adds(octave, columns(strays).len()) < alone.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian::Kernels;
    use crate::octave::{BORDER, Reach, Source};
    use crate::strongest::Bar;
    use crate::upscale::Doubling;
    use crate::worker::patch_radius;
    use crate::{Control, Params};

    /// Width and height of a picture.
    const SIZE: (usize, usize) = (300, 200);

    /// Noise on one side, nothing on the other, where extrema are led far away.
    fn half_noise() -> Vec<u8> {
        let mut state = 1_u64;
        let mut noise = |x: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if x < SIZE.0 / 2 { 100 } else { (state >> 58) as u8 }
        };
        (0..SIZE.0 * SIZE.1).map(|i| noise(i % SIZE.0)).collect()
    }

    #[test]
    fn strays_end_alike_alone_and_in_a_crowd() {
        let grey = half_noise();
        let params = Params { octave_layers: 2, contrast_threshold: 0.0, ..Params::default() };
        let kernels = Kernels::new(&params);
        let reach = Reach::new(&params, &kernels, patch_radius);
        let source = Source::Image { grey: &grey, width: SIZE.0, doubling: Doubling::new(&params) };
        let (width, height) = (2 * SIZE.0, 2 * SIZE.1);
        let octave = Octave::first(source, (width, height), &kernels, &reach);
        let control = Control::default();
        let search = Search { params: &params, control: &control, bar: Bar::default() };
        // Far from each other, too: below and above.
        let rows = (BORDER..90).chain(height - 90..height - BORDER).step_by(2);
        let places = rows.flat_map(|y| (BORDER..width - BORDER).step_by(5).map(move |x| (x, y)));
        let strays: Vec<_> = places.map(|(x, y)| Extremum::new(x, y, 1 + (x + y) % 2)).collect();
        let (mut strip, mut vicinity) = Default::default();
        let mut memory = Memory { strip: &mut strip, vicinity: &mut vicinity };
        let found = |finder: Finder| {
            let keypoints = finder.keypoints.iter().map(|keypoint| format!("{keypoint:?}"));
            let mut found: Vec<_> = keypoints.zip(finder.descriptors).collect();
            found.sort();
            found
        };
        let mut alone = Finder { strayed: strays.clone(), ..Finder::default() };
        let mut steps = 0;
        while let Some(stray) = alone.strayed.pop() {
            alone.follow_alone(octave, stray, &mut memory, &search).unwrap();
            steps += 1;
        }
        let (moved, alone) = (steps - strays.len(), found(alone));
        assert!(alone.len() > 100 && moved > 50, "{} found, {moved} moved", alone.len());
        let beginning = reach.beginning();
        assert!(is_crowd(&octave, &strays) && !is_crowd(&octave, &strays[..1]));
        assert!(near(&strays, beginning) < strays.len(), "{beginning} rows from one to the next");
        // All columns at once, and in three strips.
        for columns in [width, 220] {
            let mut crowd = Finder { strayed: strays.clone(), ..Finder::default() };
            crowd.follow_strays(&Ground { octave, strip: columns }, &mut memory, &search).unwrap();
            assert!(found(crowd) == alone, "strips of {columns} columns");
        }
        let control = Control { stop: Some(&|| true), ..Control::default() };
        let stopped = Finder::default().follow_crowd(
            octave,
            strays,
            memory.strip,
            &Search { control: &control, ..search },
        );
        assert!(matches!(stopped, Err(Error::Stopped)));
    }
}
