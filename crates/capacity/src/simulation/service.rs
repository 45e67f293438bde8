use super::PictureClass;
use crate::profile::Distribution;
use crate::usl::Usl;

/// How long the pictures of a class take to compute with the machine to themselves.
///
/// Draws are by inversion, the quantile of a random share (Law, section 8.2.1), of times that are scaled so that their mean is the measured
/// one.
pub(super) struct Service {
    single: Distribution,
    joined: Vec<(u32, Distribution)>,
    within_picture: Usl,
}

impl Service {
    pub(super) fn new(class: &PictureClass, within_picture: Usl) -> Self {
        let scaled = |times: &Distribution| times.scaled(times.interpolation_scale());
        let joined = class.joined.iter().map(|(threads, times)| (*threads, scaled(times)));
        Self { single: scaled(&class.single), joined: joined.collect(), within_picture }
    }

    /// The time that a share of pictures take at most on so many threads, s.
    pub(super) fn time(&self, threads: u32, share: f64) -> f64 {
        if let Some((_, times)) = self.joined.iter().find(|(joined, _)| *joined == threads) {
            return times.quantile(share);
        }
        self.single.quantile(share) / self.within_picture.speedup(f64::from(threads)).max(1.0)
    }
}
