/// How many ranks are taken one by one; those beyond in groups of similar popularity.
const SINGLE: u64 = 500;
/// Groups for each tenfold of ranks beyond.
const GROUPS_PER_DECADE: f64 = 60.0;

/// Zipf's law: the picture of rank `i` is asked for in proportion to `i^-s`.
///
/// Lee Breslau et al., *Web Caching and Zipf-like Distributions*, 1999, who saw exponents of 0.64 to 0.83; 0 is even.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zipf {
    /// The exponent `s`, not negative.
    pub exponent: f64,
    /// Different pictures, at least 1.
    pub pictures: u64,
}

/// Pictures of about the same popularity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    pub(super) pictures: f64,
    /// Share of all requests that each of them gets.
    pub(super) share: f64,
}

impl Zipf {
    /// All pictures, in descending order of popularity. Shares add up to 1.
    pub(super) fn groups(&self) -> Vec<Group> {
        let single = 1..=self.pictures.min(SINGLE);
        let mut groups: Vec<Group> =
            single.map(|rank| Group { pictures: 1.0, share: (rank as f64).powf(-self.exponent) }).collect();
        let mut first = SINGLE + 1;
        while first <= self.pictures {
            let growth = 10_f64.powf(1.0 / GROUPS_PER_DECADE);
            let end = ((first as f64 * growth) as u64).clamp(first + 1, self.pictures + 1);
            let pictures = (end - first) as f64;
            groups.push(Group { pictures, share: self.sum_between(first, end) / pictures });
            first = end;
        }
        let all: f64 = groups.iter().map(|group| group.pictures * group.share).sum();
        groups.iter_mut().for_each(|group| group.share /= all);
        groups
    }

    /// `Σ i^-s` from `first` to before `end`, by the midpoint rule, which is close where ranks are high.
    fn sum_between(&self, first: u64, end: u64) -> f64 {
        let (a, b) = (first as f64 - 0.5, end as f64 - 0.5);
        if (self.exponent - 1.0).abs() < 1e-9 {
            return (b / a).ln();
        }
        let power = 1.0 - self.exponent;
        (b.powf(power) - a.powf(power)) / power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_the_shares_of_their_ranks() {
        for exponent in [0.0, 0.8, 1.0, 1.2] {
            let groups = Zipf { exponent, pictures: 20_000 }.groups();
            let harmonic: f64 = (1..=20_000).map(|rank| f64::from(rank).powf(-exponent)).sum();
            assert!((groups[0].share * harmonic - 1.0).abs() < 1e-6);
            let pictures: f64 = groups.iter().map(|group| group.pictures).sum();
            assert_eq!(pictures, 20_000.0);
            assert!(groups.is_sorted_by(|a, b| a.share >= b.share * (1.0 - 1e-6)));
        }
        assert_eq!(Zipf { exponent: 0.8, pictures: 1 }.groups(), [Group { pictures: 1.0, share: 1.0 }]);
    }
}
