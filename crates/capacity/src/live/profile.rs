use std::collections::BTreeMap;

use super::Exposition;
use crate::Error;
use crate::profile::{
    Contention, Curve, CurvePoint, Distribution, Machine, MemoryProfile, PROFILE_VERSION, PictureProfile,
    Profile, Quantile, RequestProfile, RequestProfiles, Run, Software, StoredSize,
};
use crate::throughput::Demand;
use crate::usl::Usl;

/// Stages of computing, of those that have histograms.
const COMPUTING: [&str; 4] = ["decode", "denoise", "detect", "describe"];
/// Stages of a request that is a hit.
const ANSWERING: [&str; 4] = ["parse", "hash", "cache_get", "serialize"];

/// Of those, the ones that are processor time and no waiting.
const CERTAIN: [&str; 3] = ["hash", "cache_get", "serialize"];

/// Of the stored form: header, keypoint with its descriptor, key (`docs/formats.md`).
const STORED: StoredSize = StoredSize { fixed_bytes: 128.0, bytes_per_keypoint: 152.0, key_bytes: 108.0 };

/// What an instance measured of its requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Processor time of a request beside computing, and of computing, s.
    pub demand: Demand,
    /// Requests for features by upload.
    pub requests: f64,
    /// Images that were computed.
    pub computed: f64,
    /// Processor time of the process, s.
    pub cpu_seconds: f64,
}

impl Measured {
    /// From counters, of an instance or of a time of it (`Exposition::since`).
    ///
    /// `computing_seconds` is the time that threads had images that were computed, of all threads together.
    ///
    /// # Errors
    /// [`Error::ProfileLacks`], if nothing was asked or computed in it.
    pub fn of(metrics: &Exposition, computing_seconds: f64) -> Result<Self, Error> {
        let lacks = |missing| Error::ProfileLacks { missing };
        let cpu_seconds = metrics.sum("process_cpu_seconds_total", &[]).ok_or(lacks("processor time"))?;
        let requests = ["detect", "batch", "get"]
            .iter()
            .filter_map(|route| metrics.sum("siftd_requests_total", &[("route", *route)]))
            .sum::<f64>();
        let computed = metrics.sum("siftd_image_pixels_count", &[]).unwrap_or(0.0);
        if requests <= 0.0 {
            return Err(lacks("requests: the instance has answered none"));
        }
        if computed <= 0.0 {
            return Err(lacks("misses: the instance has computed none"));
        }
        // Threads that have an image and wait for a processor make this too little, but a request is hashed, looked up and
        // written for certain.
        let certain: f64 = CERTAIN.iter().filter_map(|stage| stage_sum(metrics, stage)).sum();
        let request = (cpu_seconds - computing_seconds).max(certain).max(1e-6 * requests) / requests;
        let demand = Demand { request, compute: computing_seconds / computed };
        Ok(Self { demand, requests, computed, cpu_seconds })
    }

    /// Share of lookups in the first tier that are a hit in any; none if there were none.
    pub fn hit_ratio(metrics: &Exposition) -> Option<f64> {
        let of = |result| metrics.sum("siftd_cache_requests_total", &[("result", result)]).unwrap_or(0.0);
        let first = |result| {
            metrics
                .sum("siftd_cache_requests_total", &[("tier", "memory"), ("result", result)])
                .unwrap_or(0.0)
        };
        let lookups = first("hit") + first("miss");
        (lookups > 0.0).then(|| (of("hit") / lookups).min(1.0))
    }
}

fn stage_sum(metrics: &Exposition, stage: &str) -> Option<f64> {
    metrics.sum("siftd_stage_duration_seconds_sum", &[("stage", stage)])
}

/// A profile from the metrics of a running instance, for plans. Times are those that its own load gave, so that contention
/// is in them and not in a law of its own; several threads in one picture count as the time of all of them. Memory of
/// computing is not measured by an instance: that of another machine stands for it.
///
/// # Errors
/// [`Error::ProfileLacks`], for what the instance has not measured yet.
pub fn profile(metrics: &Exposition, made: &str, version: &str) -> Result<Profile, Error> {
    let lacks = |missing| Error::ProfileLacks { missing };
    let stage = |name: &str| metrics.histogram("siftd_stage_duration_seconds", &[("stage", name)]);
    let stages: BTreeMap<String, Distribution> =
        COMPUTING.iter().filter_map(|name| Some(((*name).to_owned(), stage(name)?.distribution()))).collect();
    let service = sum(&stages.values().cloned().collect::<Vec<_>>())
        .ok_or(lacks("misses: the instance has computed none"))?;
    let alone: Vec<_> = ANSWERING.iter().filter_map(|name| Some(stage(name)?.distribution())).collect();
    let alone = sum(&alone).ok_or(lacks("requests: the instance has answered none"))?;
    let mean = |name: &str, missing| Ok(metrics.histogram(name, &[]).ok_or(lacks(missing))?.mean());
    let pixels = mean("siftd_image_pixels", "pictures: the instance has computed none")?;
    let computed = metrics.sum("siftd_image_pixels_count", &[]).unwrap_or(0.0);
    let measured = Measured::of(metrics, service.mean * computed)?;
    let bytes = mean("siftd_image_bytes", "uploads")?;
    let cores = metrics.sum("siftd_compute_threads", &[]).ok_or(lacks("number of compute threads"))?;
    let picture = PictureProfile {
        name: "as asked".to_owned(),
        files: Vec::new(),
        pixels,
        bytes,
        keypoints: mean("siftd_keypoints", "keypoints")?,
        runs: vec![Run { threads: 1, cpu_seconds: service.mean, service: service.clone(), stages }],
    };
    let even = Curve {
        law: Usl { lambda: 1.0 / service.mean, sigma: 0.0, kappa: 0.0 },
        points: vec![CurvePoint { n: 1, per_second: 1.0 / service.mean }],
    };
    let cached = metrics.sum("siftd_cache_bytes", &[("tier", "memory")]).unwrap_or(0.0);
    let resident = metrics.sum("process_resident_memory_bytes", &[]).ok_or(lacks("resident memory"))?;
    let profile = Profile {
        version: PROFILE_VERSION,
        made: made.to_owned(),
        machine: Machine {
            cores: cores as u32,
            cpu: "the instance's machine".to_owned(),
            instruction_set: "its instruction set".to_owned(),
            memory_bytes: 0,
            system: "its system".to_owned(),
        },
        stolen: 0.0,
        software: Software {
            siftd: version.to_owned(),
            engine_version: 0,
            parameters: "as asked".to_owned(),
            niceness: 5,
        },
        pictures: vec![picture],
        requests: RequestProfiles {
            upload_hits: vec![RequestProfile {
                bytes,
                concurrency: 1,
                cpu_seconds: measured.demand.request,
                client_cpu_seconds: 0.0,
                alone,
            }],
            get_hits: Vec::new(),
            refusals: Vec::new(),
            hits_beside: Vec::new(),
            shared_lookups: BTreeMap::new(),
        },
        contention: Contention { across_pictures: even.clone(), within_picture: even, hits: None },
        memory: MemoryProfile { rest_bytes: (resident - cached).max(1.0), ..MemoryProfile::FOUND },
        stored: STORED,
    };
    profile.validate()?;
    Ok(profile)
}

/// Times one after another, as if all were long or short together: an upper bound of how much their sum varies.
fn sum(parts: &[Distribution]) -> Option<Distribution> {
    let n = parts.iter().map(|part| part.n).min()?;
    let mean = parts.iter().map(|part| part.mean).sum();
    let seconds =
        |share: f64| parts.iter().map(|part| part.quantile(share) * part.interpolation_scale()).sum();
    let quantiles = (0..=100).map(|percent| {
        let share = f64::from(percent) / 100.0;
        Quantile { share, seconds: seconds(share) }
    });
    let mut whole = Distribution { n, mean, variance: 0.0, quantiles: quantiles.collect() };
    whole.variance = whole.interpolated_variance();
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::profile as measured;

    fn histogram(name: &str, labels: &str, mean: f64, count: u64) -> String {
        let comma = if labels.is_empty() { "" } else { "," };
        let total = mean * count as f64;
        format!(
            "{name}_sum{{{labels}}} {total}\n{name}_count{{{labels}}} {count}\n\
             {name}_bucket{{le=\"{}\"{comma}{labels}}} 0\n{name}_bucket{{le=\"{}\"{comma}{labels}}} {count}\n\
             {name}_bucket{{le=\"+Inf\"{comma}{labels}}} {count}\n",
            mean * 0.9,
            mean * 1.1
        )
    }

    fn metrics() -> String {
        let mut text = "siftd_compute_threads 2\nprocess_resident_memory_bytes 50000000\n\
            siftd_cache_bytes{tier=\"memory\"} 20000000\nprocess_cpu_seconds_total 10.2\n\
            siftd_requests_total{route=\"detect\",status=\"200\"} 1000\n\
            siftd_cache_requests_total{tier=\"memory\",result=\"hit\"} 800\n\
            siftd_cache_requests_total{tier=\"memory\",result=\"miss\"} 200\n"
            .to_owned();
        for (stage, mean, count) in [
            ("decode", 0.004, 200),
            ("denoise", 0.036, 200),
            ("detect", 0.006, 200),
            ("describe", 0.004, 200),
            ("parse", 1e-4, 1000),
            ("hash", 1e-4, 1000),
            ("cache_get", 1e-5, 1000),
        ] {
            text += &histogram("siftd_stage_duration_seconds", &format!("stage=\"{stage}\""), mean, count);
        }
        text += &histogram("siftd_image_pixels", "", 262_144.0, 200);
        text += &histogram("siftd_image_bytes", "", 150_000.0, 1000);
        text + &histogram("siftd_keypoints", "", 900.0, 200)
    }

    #[test]
    fn an_instance_has_measured_a_profile() {
        let profile = profile(&Exposition::parse(&metrics()), "2026-11-24T12:00:00Z", "0.1.0").unwrap();
        let picture = &profile.pictures[0];
        assert!((picture.runs[0].service.mean - 0.05).abs() < 1e-9);
        // Of 10.2 s, 10 s computed 200 pictures: 0.2 ms are left for each request.
        assert!((profile.requests.upload_hits[0].cpu_seconds - 2e-4).abs() < 1e-9);
        assert_eq!((picture.bytes, profile.machine.cores), (150_000.0, 2));
        assert_eq!(profile.memory.rest_bytes, 30e6);
    }

    #[test]
    fn what_it_did_is_told() {
        let metrics = Exposition::parse(&metrics());
        let measured = Measured::of(&metrics, 10.0).unwrap();
        assert_eq!((Measured::hit_ratio(&metrics), measured.computed), (Some(0.8), 200.0));
        assert!((measured.demand.bound(0.8, 2.0) - 2.0 / (2e-4 + 0.2 * 0.05)).abs() < 1e-6);
    }

    #[test]
    fn an_instance_without_work_has_none() {
        let idle = Exposition::parse("process_cpu_seconds_total 1\nsiftd_compute_threads 2\n");
        let error = profile(&idle, "now", "0.1.0").unwrap_err();
        assert!(error.to_string().contains("computed none"), "{error}");
    }

    /// Sizes that an instance does not measure are those of the formats.
    #[test]
    fn stored_sizes_are_those_of_profiles() {
        assert_eq!(STORED.bytes_per_keypoint, measured().stored.bytes_per_keypoint);
    }
}
