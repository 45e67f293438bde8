//! What one thread does: it goes down strips of an octave, from extrema to descriptors.

mod strays;

use std::ops::Range;
use std::time::{Duration, Instant};

use self::strays::{Ground, Memory};
use crate::base::Base;
use crate::descriptor::Describer;
use crate::extrema::Scanner;
use crate::octave::{BORDER, Octave};
use crate::orientation::Orienter;
use crate::refine::{Extremum, Outcome, Refined};
use crate::retain::Feature;
use crate::ring::BLOCK;
use crate::schedule::Schedule;
use crate::strip::{Strip, StripMemory};
use crate::strongest::{Bar, Strongest};
use crate::upscale::black;
use crate::vicinity::VicinityMemory;
use crate::{Control, DESCRIPTOR_LENGTH, Error, Keypoint, Params, descriptor, orientation};

/// Radius around the sample that a keypoint of this scale was found at within which its directions and its descriptor are
/// looked for, px of the octave. It is described around that sample or the next one.
pub(crate) fn patch_radius(scale: f32) -> usize {
    (descriptor::radius(scale) + 1).max(orientation::radius(scale))
}

/// What is sought in all octaves.
pub(crate) struct Search<'a> {
    pub(crate) params: &'a Params,
    pub(crate) control: &'a Control<'a>,
    /// What keypoints must reach where only the strongest are wanted.
    pub(crate) bar: Bar,
}

/// An octave to be searched by some workers.
pub(crate) struct Job<'a> {
    pub(crate) octave: Octave<'a>,
    pub(crate) search: &'a Search<'a>,
    /// Columns of each strip but the last.
    pub(crate) strip: usize,
    /// Blocks of the first strip from top to bottom, then those of the second, and so on.
    pub(crate) schedule: Schedule,
    /// What the next octave begins with, if there is one.
    pub(crate) next: Option<&'a Base>,
}

/// Memory of a thread, kept from octave to octave and from image to image.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    strip: StripMemory,
    vicinity: VicinityMemory,
    scanner: Scanner,
    finder: Finder,
}

/// Takes extrema to features.
#[derive(Debug, Default)]
struct Finder {
    orienter: Orienter,
    describer: Describer,
    /// Keypoints of the block at work and their angles.
    oriented: Vec<(Refined, f32)>,
    keypoints: Vec<Keypoint>,
    /// As many as keypoints.
    descriptors: Vec<[u8; DESCRIPTOR_LENGTH]>,
    /// Extrema that moved to rows further down.
    ahead: Vec<Extremum>,
    /// Extrema that moved to where the strip has been or never comes, or of whose patch it has lost rows.
    strayed: Vec<Extremum>,
    strongest: Strongest,
    /// Time spent on descriptors, and on everything, waiting for the octave before included.
    describing: Duration,
    working: Duration,
}

impl Job<'_> {
    /// The strip of a block, its columns, and the first row of the block.
    fn place(&self, block: usize) -> (usize, Range<usize>, usize) {
        let blocks = self.octave.height.div_ceil(BLOCK);
        let strip = block / blocks;
        let columns = strip * self.strip..((strip + 1) * self.strip).min(self.octave.width);
        (strip, columns, block % blocks * BLOCK)
    }

    /// Copies what the next octave takes of the rows that a strip has reached, while they are in the cache, from row `from` on.
    /// Returns the row to go on from.
    fn fill_next(&self, strip: &Strip<'_>, index: usize, columns: &Range<usize>, from: usize) -> usize {
        let layers = self.search.params.octave_layers as usize;
        let end = strip.end(layers);
        let Some(next) = self.next else { return end };
        let columns = columns.start..columns.end & !1;
        for block in (from..end).step_by(BLOCK) {
            next.fill(self.octave.isa, index, block / BLOCK, |i| {
                strip.columns(layers, block + 2 * i, columns.clone())
            });
        }
        end
    }
}

/// Work that others may wait for. Dropped before it is done, as by a panic, it has them give up.
struct Duty<'a> {
    jobs: &'a [Job<'a>],
    done: bool,
}

impl<'a> Duty<'a> {
    fn new(jobs: &'a [Job<'a>]) -> Self {
        Self { jobs, done: false }
    }

    fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Duty<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.jobs.iter().filter_map(|job| job.next).for_each(Base::abandon);
        }
    }
}

impl Worker {
    /// Prepares for a new image.
    pub(crate) fn clear(&mut self) {
        let Finder {
            oriented, keypoints, descriptors, ahead, strayed, strongest, describing, working, ..
        } = &mut self.finder;
        strongest.clear();
        oriented.clear();
        keypoints.clear();
        descriptors.clear();
        ahead.clear();
        strayed.clear();
        (*describing, *working) = Default::default();
    }

    /// What it found in this image.
    pub(crate) fn features(&self) -> impl Iterator<Item = Feature<'_>> {
        let Finder { keypoints, descriptors, .. } = &self.finder;
        keypoints.iter().zip(descriptors).map(|(&keypoint, descriptor)| Feature { keypoint, descriptor })
    }

    pub(crate) fn describing(&self) -> Duration {
        self.finder.describing
    }

    pub(crate) fn working(&self) -> Duration {
        self.finder.working
    }

    /// Finds the features whose extrema lie in the blocks that the schedule of each octave gives to this worker. From an
    /// octave in which nothing is left that is worth taking it goes on to the next one, of which some rows are there.
    pub(crate) fn run(&mut self, jobs: &[Job<'_>]) -> Result<(), Error> {
        let started = Instant::now();
        let result = self.search(jobs);
        self.finder.working += started.elapsed();
        result
    }

    fn search(&mut self, jobs: &[Job<'_>]) -> Result<(), Error> {
        let duty = Duty::new(jobs);
        for job in jobs {
            let Some(index) = job.schedule.join() else { continue };
            let mut next = job.schedule.next(index);
            while let Some(first) = next {
                next = self.run_strip(job, index, first)?;
            }
        }
        duty.done();
        Ok(())
    }

    /// Goes down a strip from a block on, as far as the schedule lets it. Returns the block to begin another strip at.
    fn run_strip(&mut self, job: &Job<'_>, index: usize, first: usize) -> Result<Option<usize>, Error> {
        let Self { strip: memory, vicinity, scanner, finder } = self;
        let Job { octave, search, .. } = *job;
        let Search { params, control, .. } = *search;
        let (strip_index, columns, row) = job.place(first);
        let mut strip = Strip::new(octave, &columns, memory);
        strip.seek(row);
        // A last strip may be all border.
        let end = columns.end.min(octave.width - BORDER);
        let scanned = columns.start.max(BORDER).min(end)..end;
        let layers = params.octave_layers as usize;
        let floor = (0.5 * params.contrast_threshold / layers as f64 * 255.0).floor() as f32;
        // What black alone leads to is no candidate.
        let threshold = floor.max(black(params));
        scanner.reset(&strip, &scanned, layers, row.max(BORDER));
        let (mut block, mut filled) = (first, row);
        let next = loop {
            let (_, _, row) = job.place(block);
            strip.advance(row, control)?;
            filled = job.fill_next(&strip, strip_index, &columns, filled);
            for y in row.max(BORDER)..(row + BLOCK).min(octave.height - BORDER) {
                scanner.scan(&mut strip, y, threshold, |strip, layer, x| {
                    finder.follow(strip, search, Extremum::new(x, y, layer));
                });
            }
            finder.follow_those_ahead(&mut strip, search);
            finder.describe(&strip);
            let next = job.schedule.next(index);
            if next != Some(block + 1) || job.place(block + 1).0 != strip_index {
                break next;
            }
            block += 1;
        };
        let ground = Ground { octave, strip: job.strip };
        finder.follow_strays(&ground, &mut Memory { strip: memory, vicinity }, search)?;
        Ok(next)
    }
}

impl Finder {
    /// Takes an extremum as far as the strip allows.
    fn follow(&mut self, strip: &mut Strip<'_>, search: &Search<'_>, extremum: Extremum) {
        let octave = strip.octave;
        match extremum.refine(&octave, strip, search.params) {
            Outcome::Accepted(refined) if search.bar.excludes(refined.keypoint.response) => {}
            Outcome::Accepted(refined) if strip.describes(refined.y) => self.orient(strip, search, refined),
            Outcome::Accepted(refined) => self.put_off(strip, refined.settled()),
            Outcome::Escaped(extremum) => self.put_off(strip, extremum),
            Outcome::Rejected => {}
        }
    }

    /// Keeps an extremum for later.
    fn put_off(&mut self, strip: &Strip<'_>, extremum: Extremum) {
        let is_ahead = extremum.y >= strip.block() + BLOCK;
        if is_ahead { &mut self.ahead } else { &mut self.strayed }.push(extremum);
    }

    /// Finds the directions of a keypoint, which is then to be described.
    fn orient(&mut self, strip: &Strip<'_>, search: &Search<'_>, refined: Refined) {
        let Self { orienter, oriented, strongest, .. } = self;
        let before = oriented.len();
        orienter.orientations(strip, &refined, |angle| oriented.push((refined, angle)));
        let wanted = search.params.max_features as usize;
        if wanted > 0 && oriented.len() > before {
            strongest.add(&refined.keypoint, wanted, &search.bar);
        }
    }

    /// Takes up the extrema whose rows the strip has reached.
    fn follow_those_ahead(&mut self, strip: &mut Strip<'_>, search: &Search<'_>) {
        let end = strip.block() + BLOCK;
        let (reached, ahead) = std::mem::take(&mut self.ahead).into_iter().partition(|e| e.y < end);
        self.ahead = ahead;
        let reached: Vec<Extremum> = reached;
        for extremum in reached {
            self.follow(strip, search, extremum);
        }
    }

    /// Describes the keypoints that were found where the strip stands.
    fn describe(&mut self, strip: &Strip<'_>) {
        if self.oriented.is_empty() {
            return;
        }
        let started = Instant::now();
        for (refined, angle) in self.oriented.drain(..) {
            self.keypoints.push(Keypoint { angle, ..refined.keypoint });
            self.descriptors.push(self.describer.describe(strip, &refined, angle));
        }
        self.describing += started.elapsed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian::Kernels;
    use crate::octave::{Reach, Source};
    use crate::refine::Nearest;
    use crate::upscale::Doubling;

    /// A bright disc on a dark ground, halfway down.
    fn disc() -> Vec<u8> {
        let side = 96;
        (0..side * side)
            .map(|i: i32| if (i % side - 48).pow(2) + (i / side - 48).pow(2) < 8 { 200 } else { 20 })
            .collect()
    }

    #[test]
    fn a_keypoint_is_described_around_the_nearest_sample() {
        let grey = disc();
        let params = Params { precise_upscale: true, ..Params::default() };
        let kernels = Kernels::new(&params);
        let reach = Reach::new(&params, &kernels, patch_radius);
        let source = Source::Image { grey: &grey, width: 96, doubling: Doubling::new(&params) };
        let octave = Octave::first(source, (192, 192), &kernels, &reach);
        let search = Search { params: &params, control: &Control::default(), bar: Bar::default() };
        let mut memory = StripMemory::default();
        let mut strip = Strip::new(octave, &(0..octave.width), &mut memory);
        strip.seek(0);
        strip.advance(96, search.control).unwrap();
        let mut finder = Finder::default();
        finder.follow(&mut strip, &search, Extremum::new(96, 96, 3));
        let (found, angle) = finder.oriented[0];
        let mut descriptor = |x: usize, nearest: Nearest| {
            finder.describer.describe(&strip, &Refined { x, nearest, ..found }, angle)
        };
        let Nearest { x, y } = found.nearest;
        let here = descriptor(x, found.nearest);
        for aside in [Nearest { x: x + 1, y }, Nearest { x, y: y + 1 }] {
            let there = descriptor(x, aside);
            assert_ne!(there, here);
            assert_eq!(there, descriptor(x + 1, aside), "where it was found means nothing");
        }
    }

    #[test]
    fn a_keypoint_whose_patch_the_strip_has_left_has_a_strip_of_its_own() {
        let grey = disc();
        let params = Params { precise_upscale: true, ..Params::default() };
        let kernels = Kernels::new(&params);
        let reach = Reach::new(&params, &kernels, patch_radius);
        let octave = Octave::first(
            Source::Image { grey: &grey, width: 96, doubling: Doubling::new(&params) },
            (192, 192),
            &kernels,
            &reach,
        );
        let search = Search { params: &params, control: &Control::default(), bar: Bar::default() };
        let disc = Extremum::new(96, 96, 3);
        let mut memory = (StripMemory::default(), VicinityMemory::default());
        // What is found while the strip is there, when its patch reaches the last row that is held, and a block further.
        let [there, last, further] = [96, 96 + BLOCK, 96 + 2 * BLOCK].map(|row| {
            let mut finder = Finder::default();
            let mut strip = Strip::new(octave, &(0..octave.width), &mut memory.0);
            strip.seek(0);
            strip.advance(row, search.control).unwrap();
            finder.follow(&mut strip, &search, disc);
            assert_eq!(finder.oriented.is_empty(), row == 96 + 2 * BLOCK);
            finder.describe(&strip);
            let ground = Ground { octave, strip: octave.width };
            let mut memory = Memory { strip: &mut memory.0, vicinity: &mut memory.1 };
            finder.follow_strays(&ground, &mut memory, &search).unwrap();
            (format!("{:?}", finder.keypoints), finder.descriptors)
        });
        assert!(!there.1.is_empty(), "the disc is found");
        assert_eq!(last, there);
        assert_eq!(further, there);
    }
}
