//! Whether the figures of a profile can have been measured.

use super::{
    Contention, Curve, Distribution, HitsBeside, MemoryProfile, PROFILE_VERSION, PictureProfile, Profile,
    RequestProfile, RequestProfiles, StoredSize,
};
use crate::Error;

/// Where a figure stands, as a path of names.
#[derive(Clone)]
struct Place(String);

impl Place {
    fn at(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    fn inner(&self, name: &str) -> Self {
        Self(format!("{}.{name}", self.0))
    }

    fn above_zero(&self, name: &str, value: f64) -> Result<(), Error> {
        self.check(name, value, value.is_finite() && value > 0.0, "a number above 0")
    }

    fn not_negative(&self, name: &str, value: f64) -> Result<(), Error> {
        self.check(name, value, value.is_finite() && value >= 0.0, "a number that is not negative")
    }

    fn check(&self, name: &str, value: f64, valid: bool, allowed: &'static str) -> Result<(), Error> {
        if valid { Ok(()) } else { Err(Error::ProfileValue { field: self.inner(name).0, value, allowed }) }
    }
}

impl Profile {
    /// Checks every figure.
    ///
    /// # Errors
    /// The first that cannot have been measured, or what is missing.
    pub fn validate(&self) -> Result<(), Error> {
        if self.version != PROFILE_VERSION {
            return Err(Error::ProfileVersion { found: self.version, supported: PROFILE_VERSION });
        }
        Place::at("machine").above_zero("cores", f64::from(self.machine.cores))?;
        let stolen = (0.0..=1.0).contains(&self.stolen);
        Place::at("profile").check("stolen", self.stolen, stolen, "from 0 to 1")?;
        let niceness = f64::from(self.software.niceness);
        Place::at("software").check("niceness", niceness, niceness <= 19.0, "from 0 to 19")?;
        if self.pictures.is_empty() {
            return Err(Error::ProfileLacks { missing: "pictures" });
        }
        self.pictures.iter().try_for_each(PictureProfile::validate)?;
        self.requests.validate()?;
        self.contention.validate()?;
        self.memory.validate()?;
        self.stored.validate()
    }
}

impl PictureProfile {
    fn validate(&self) -> Result<(), Error> {
        let place = Place::at(format!("pictures.{}", self.name));
        place.above_zero("pixels", self.pixels)?;
        place.above_zero("bytes", self.bytes)?;
        place.not_negative("keypoints", self.keypoints)?;
        if self.single().is_none() {
            return Err(Error::ProfileLacks { missing: "run of each class of pictures with one thread" });
        }
        for run in &self.runs {
            let place = place.inner(&format!("runs.{}", run.threads));
            place.above_zero("threads", f64::from(run.threads))?;
            place.above_zero("cpu_seconds", run.cpu_seconds)?;
            run.service.validate(&place.inner("service"))?;
            place.above_zero("service.mean", run.service.mean)?;
            for (stage, times) in &run.stages {
                times.validate(&place.inner(&format!("stages.{stage}")))?;
            }
        }
        Ok(())
    }
}

impl Distribution {
    fn validate(&self, place: &Place) -> Result<(), Error> {
        place.above_zero("n", self.n as f64)?;
        place.not_negative("mean", self.mean)?;
        place.not_negative("variance", self.variance)?;
        let ascend = self.quantiles.is_sorted_by(|a, b| a.share <= b.share && a.seconds <= b.seconds);
        let whole = self.quantiles.first().is_some_and(|first| first.share == 0.0)
            && self.quantiles.last().is_some_and(|last| last.share == 1.0);
        for quantile in &self.quantiles {
            place.not_negative("quantiles.seconds", quantile.seconds)?;
        }
        if ascend && whole {
            Ok(())
        } else {
            Err(Error::ProfileQuantiles { field: place.inner("quantiles").0 })
        }
    }
}

impl RequestProfiles {
    fn validate(&self) -> Result<(), Error> {
        if self.upload_hits.is_empty() {
            return Err(Error::ProfileLacks { missing: "upload hits" });
        }
        let kinds =
            [("upload_hits", &self.upload_hits), ("get_hits", &self.get_hits), ("refusals", &self.refusals)];
        for (kind, requests) in kinds {
            let place = Place::at(format!("requests.{kind}"));
            requests.iter().try_for_each(|request| request.validate(&place))?;
        }
        self.hits_beside.iter().try_for_each(HitsBeside::validate)?;
        let place = Place::at("requests.shared_lookups");
        self.shared_lookups.iter().try_for_each(|(backend, request)| request.validate(&place.inner(backend)))
    }
}

impl RequestProfile {
    fn validate(&self, place: &Place) -> Result<(), Error> {
        place.not_negative("bytes", self.bytes)?;
        place.above_zero("cpu_seconds", self.cpu_seconds)?;
        place.above_zero("concurrency", f64::from(self.concurrency))?;
        place.not_negative("client_cpu_seconds", self.client_cpu_seconds)?;
        self.alone.validate(&place.inner("alone"))
    }
}

impl HitsBeside {
    fn validate(&self) -> Result<(), Error> {
        let place = Place::at(format!("requests.hits_beside.{}", self.computing));
        place.above_zero("processors", f64::from(self.processors))?;
        place.above_zero("rate", self.rate)?;
        place.above_zero("cpu_seconds", self.cpu_seconds)?;
        place.not_negative("client_cpu_seconds", self.client_cpu_seconds)?;
        self.latency.validate(&place.inner("latency"))
    }
}

impl Contention {
    fn validate(&self) -> Result<(), Error> {
        let place = Place::at("contention");
        self.across_pictures.validate(&place.inner("across_pictures"))?;
        self.within_picture.validate(&place.inner("within_picture"))?;
        self.hits.as_ref().map_or(Ok(()), |curve| curve.validate(&place.inner("hits")))
    }
}

impl Curve {
    fn validate(&self, place: &Place) -> Result<(), Error> {
        place.above_zero("law.lambda", self.law.lambda)?;
        place.not_negative("law.sigma", self.law.sigma)?;
        place.not_negative("law.kappa", self.law.kappa)?;
        for point in &self.points {
            place.above_zero("points.n", f64::from(point.n))?;
            place.above_zero("points.per_second", point.per_second)?;
        }
        Ok(())
    }
}

impl MemoryProfile {
    fn validate(&self) -> Result<(), Error> {
        let place = Place::at("memory");
        place.above_zero("rest_bytes", self.rest_bytes)?;
        place.above_zero("bytes_per_pixel", self.bytes_per_pixel)?;
        place.not_negative("bytes_per_thread", self.bytes_per_thread)?;
        place.not_negative("bytes_per_connection", self.bytes_per_connection)
    }
}

impl StoredSize {
    fn validate(&self) -> Result<(), Error> {
        let place = Place::at("stored");
        place.above_zero("fixed_bytes", self.fixed_bytes)?;
        place.not_negative("bytes_per_keypoint", self.bytes_per_keypoint)?;
        place.above_zero("key_bytes", self.key_bytes)
    }
}
