use std::fmt;
use std::time::{Duration, Instant};

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A step on the way from a request to its answer. The names are those of `Server-Timing` and of the summary's
/// `stages_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Taking the request apart.
    Parse,
    /// SHA-256 of the image's bytes.
    Hash,
    /// Looking the answer up.
    CacheGet,
    /// Bytes to pixels.
    Decode,
    /// Non-local means.
    Denoise,
    /// Scale space, extrema, orientations.
    Detect,
    /// Descriptors.
    Describe,
    /// Storing the answer.
    CacheSet,
    /// The feature set to the bytes of the answer.
    Serialize,
    /// Waiting for a compute thread.
    Queue,
}

impl Stage {
    /// All stages, in the order in which they are reported.
    pub const ALL: [Self; 10] = [
        Self::Parse,
        Self::Hash,
        Self::CacheGet,
        Self::Decode,
        Self::Denoise,
        Self::Detect,
        Self::Describe,
        Self::CacheSet,
        Self::Serialize,
        Self::Queue,
    ];

    /// The stage's name: lower case, words joined by `_`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Hash => "hash",
            Self::CacheGet => "cache_get",
            Self::Decode => "decode",
            Self::Denoise => "denoise",
            Self::Detect => "detect",
            Self::Describe => "describe",
            Self::CacheSet => "cache_set",
            Self::Serialize => "serialize",
            Self::Queue => "queue",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How long each stage took. A stage that did not take place has no time, which differs from zero.
///
/// Serialises as a map of stage names to milliseconds, microseconds in the decimals.
///
/// ```
/// use std::time::Duration;
/// use extract::{Stage, StageTimes};
///
/// let mut times = StageTimes::default();
/// let sum = times.measure(Stage::Hash, || 1 + 1);
/// times.add(Stage::Decode, Duration::from_millis(3));
/// assert_eq!(sum, 2);
/// assert_eq!(times.get(Stage::Decode), Some(Duration::from_millis(3)));
/// assert_eq!(times.get(Stage::Denoise), None);
/// assert_eq!(times.iter().map(|(stage, _)| stage.name()).collect::<Vec<_>>(), ["hash", "decode"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageTimes([Option<Duration>; Stage::ALL.len()]);

impl StageTimes {
    /// Adds to what the stage took so far.
    pub fn add(&mut self, stage: Stage, duration: Duration) {
        let time = &mut self.0[stage as usize];
        *time = Some(time.unwrap_or_default() + duration);
    }

    /// Runs `work` and adds its wall-clock time to the stage.
    pub fn measure<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.add(stage, start.elapsed());
        result
    }

    /// What the stage took, if it took place.
    pub fn get(&self, stage: Stage) -> Option<Duration> {
        self.0[stage as usize]
    }

    /// The stages that took place, in the order of [`Stage::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Stage, Duration)> + '_ {
        Stage::ALL.into_iter().filter_map(|stage| Some((stage, self.get(stage)?)))
    }

    /// Sum of all stages.
    pub fn total(&self) -> Duration {
        self.0.iter().flatten().sum()
    }
}

impl Serialize for StageTimes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (stage, duration) in self.iter() {
            map.serialize_entry(stage.name(), &milliseconds(duration))?;
        }
        map.end()
    }
}

/// Milliseconds, rounded to whole microseconds so that no digits are printed that no clock measured.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_its_own_slot_and_all_is_in_the_order_of_declaration() {
        for (index, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, index);
        }
    }

    #[test]
    fn times_add_up_whatever_the_order_of_recording() {
        let mut times = StageTimes::default();
        times.add(Stage::Describe, Duration::from_millis(5));
        times.add(Stage::Decode, Duration::from_millis(2));
        times.add(Stage::Describe, Duration::from_millis(1));
        let listed: Vec<_> = times.iter().collect();
        assert_eq!(
            listed,
            [(Stage::Decode, Duration::from_millis(2)), (Stage::Describe, Duration::from_millis(6))]
        );
        assert_eq!(times.total(), Duration::from_millis(8));
    }

    #[test]
    fn serialises_to_milliseconds_of_the_stages_that_took_place() {
        let mut times = StageTimes::default();
        times.add(Stage::Denoise, Duration::from_nanos(12_345_678));
        times.add(Stage::Hash, Duration::ZERO);
        assert_eq!(serde_json::to_string(&times).unwrap(), r#"{"hash":0.0,"denoise":12.346}"#);
    }
}
