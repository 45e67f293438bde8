use super::Work;

/// The works of all images that wait or are being computed.
#[derive(Debug, Clone, Default)]
pub struct Works {
    ascending: Vec<Work>,
    total: Work,
}

impl Works {
    /// No works.
    pub const NONE: Self = Self { ascending: Vec::new(), total: Work::NONE };

    /// One more.
    pub fn add(&mut self, work: Work) {
        self.ascending.insert(self.ascending.partition_point(|other| *other < work), work);
        self.total.add(work);
    }

    /// Takes away one that was added.
    pub fn remove(&mut self, work: Work) {
        let place = self.ascending.partition_point(|other| *other < work);
        if self.ascending.get(place) == Some(&work) {
            self.ascending.remove(place);
            self.total.remove(work);
        }
        if self.ascending.is_empty() {
            self.total = Work::NONE;
        }
    }

    /// All together.
    pub fn total(&self) -> Work {
        self.total
    }

    /// All together, all but the heaviest, all but the two heaviest, and so on.
    pub fn beside_the_heaviest(&self) -> impl Iterator<Item = Work> {
        let less = |left: &mut Work, heaviest: &Work| {
            left.remove(*heaviest);
            Some(*left)
        };
        std::iter::once(self.total).chain(self.ascending.iter().rev().scan(self.total, less))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_add_up_and_the_heaviest_are_known() {
        let [light, middle, heavy] = [1.0, 2.0, 30.0].map(Work::units);
        let mut works = Works::NONE;
        for work in [middle, heavy, light, middle] {
            works.add(work);
        }
        let left = |works: &Works| works.beside_the_heaviest().collect::<Vec<_>>();
        assert_eq!(works.total(), Work::units(35.0));
        assert_eq!(left(&works), [35.0, 5.0, 3.0, 1.0, 0.0].map(Work::units));
        works.remove(heavy);
        works.remove(Work::units(7.0));
        assert_eq!(left(&works), [5.0, 3.0, 1.0, 0.0].map(Work::units));
        for work in [middle, light, middle] {
            works.remove(work);
        }
        assert_eq!((works.total(), left(&works)), (Work::NONE, vec![Work::NONE]));
    }
}
