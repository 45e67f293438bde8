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

/// No request takes less of a processor, s.
const LEAST_REQUEST: f64 = 1e-6;

/// Sizes of the stored form, which an instance does not measure: header, keypoint with its descriptor, key (`docs/formats.md`).
pub const STORED: StoredSize = StoredSize { fixed_bytes: 128.0, bytes_per_keypoint: 152.0, key_bytes: 108.0 };

/// What an instance measured of its requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Processor time of a request beside computing, and of computing, s.
    pub demand: Demand,
    /// Images that were asked for, by upload, alone or in a batch, or by hash.
    pub requests: f64,
    /// Images that were computed.
    pub computed: f64,
    /// Processor time of the process, s.
    pub cpu_seconds: f64,
}

impl Measured {
    /// From counters, of an instance or of a time of it (`Exposition::since`).
    ///
    /// # Errors
    /// [`Error::ProfileLacks`], if nothing was asked or computed in it.
    pub fn of(metrics: &Exposition) -> Result<Self, Error> {
        let lacks = |missing| Error::ProfileLacks { missing };
        let cpu_seconds = metrics.sum("process_cpu_seconds_total", &[]).ok_or(lacks("processor time"))?;
        let of_threads = metrics
            .sum("siftd_compute_cpu_seconds_total", &[])
            .ok_or(lacks("processor time of compute threads: it is an older siftd"))?;
        let of_computed = [("outcome", "computed")];
        let computing = metrics.sum("siftd_compute_cpu_seconds_total", &of_computed).unwrap_or(of_threads);
        let reckoning = metrics.sum("siftd_outlook_cpu_seconds_total", &[]).unwrap_or(0.0);
        // Each image of a batch is received, hashed, looked up and written as one that comes alone.
        let uploads = metrics.sum("siftd_image_bytes_count", &[]).unwrap_or(0.0);
        let gets = metrics.sum("siftd_requests_total", &[("route", "get")]).unwrap_or(0.0);
        let requests = uploads + gets;
        let computed = metrics.sum("siftd_image_pixels_count", &[]).unwrap_or(0.0);
        if requests <= 0.0 {
            return Err(lacks("requests: the instance has answered none"));
        }
        if computed <= 0.0 {
            return Err(lacks("misses: the instance has computed none"));
        }
        // What is left is above 0 but for the grain of the process' own clock.
        let request = (cpu_seconds - of_threads - reckoning).max(LEAST_REQUEST * requests) / requests;
        Ok(Self {
            demand: Demand { request, compute: computing / computed },
            requests,
            computed,
            cpu_seconds,
        })
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

/// A profile from the metrics of a running instance, for plans. A picture takes the processor time that it took under the instance's
/// own load, so that contention is in it and not in a law of its own: threads that join in one picture share that evenly. How much
/// times differ from each other is that of wall-clock times. Memory of computing is not measured by an instance: that of another
/// machine stands for it.
///
/// # Errors
/// [`Error::ProfileLacks`], for what the instance has not measured yet.
pub fn profile(metrics: &Exposition, made: &str, version: &str) -> Result<Profile, Error> {
    let lacks = |missing| Error::ProfileLacks { missing };
    let stage = |name: &str| metrics.histogram("siftd_stage_duration_seconds", &[("stage", name)]);
    let stages: BTreeMap<String, Distribution> =
        COMPUTING.iter().filter_map(|name| Some(((*name).to_owned(), stage(name)?.distribution()))).collect();
    let wall = sum(&stages.values().cloned().collect::<Vec<_>>())
        .ok_or(lacks("misses: the instance has computed none"))?;
    let measured = Measured::of(metrics)?;
    let compute = measured.demand.compute;
    let service = wall.scaled(compute / wall.mean);
    let alone: Vec<_> = ANSWERING.iter().filter_map(|name| Some(stage(name)?.distribution())).collect();
    let alone = sum(&alone).ok_or(lacks("requests: the instance has answered none"))?;
    let mean = |name: &str, missing| Ok(metrics.histogram(name, &[]).ok_or(lacks(missing))?.mean());
    let pixels = mean("siftd_image_pixels", "pictures: the instance has computed none")?;
    let bytes = mean("siftd_image_bytes", "uploads")?;
    let cores = metrics.sum("siftd_compute_threads", &[]).ok_or(lacks("number of compute threads"))?;
    let picture = PictureProfile {
        name: "as asked".to_owned(),
        files: Vec::new(),
        pixels,
        bytes,
        keypoints: mean("siftd_keypoints", "keypoints")?,
        runs: vec![Run { threads: 1, cpu_seconds: compute, service, stages }],
    };
    let even = Curve {
        law: Usl { lambda: 1.0 / compute, sigma: 0.0, kappa: 0.0 },
        points: vec![CurvePoint { n: 1, per_second: 1.0 / compute }],
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
            siftd_cache_bytes{tier=\"memory\"} 20000000\nprocess_cpu_seconds_total 11.04\n\
            siftd_compute_cpu_seconds_total{outcome=\"computed\"} 10\nsiftd_compute_cpu_seconds_total{outcome=\"given_up\"} 0.5\n\
            siftd_outlook_cpu_seconds_total 0.3\nsiftd_requests_total{route=\"detect\",status=\"200\"} 100\n\
            siftd_requests_total{route=\"get\",status=\"200\"} 200\n\
            siftd_cache_requests_total{tier=\"memory\",result=\"hit\"} 800\n\
            siftd_cache_requests_total{tier=\"memory\",result=\"miss\"} 200\n"
            .to_owned();
        // Wall-clock times of two threads in each picture.
        for (stage, mean, count) in [
            ("decode", 0.004, 200),
            ("denoise", 0.018, 200),
            ("detect", 0.004, 200),
            ("describe", 0.003, 200),
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
        // Of 11.04 s, 10 computed 200 pictures, 0.5 others, 0.3 were no request's: 0.2 ms are left for each of 1,200, most of which
        // came in batches.
        assert!((profile.requests.upload_hits[0].cpu_seconds - 2e-4).abs() < 1e-9);
        assert_eq!((picture.bytes, profile.machine.cores), (150_000.0, 2));
        assert_eq!(profile.memory.rest_bytes, 30e6);
    }

    #[test]
    fn what_it_did_is_told() {
        let metrics = Exposition::parse(&metrics());
        let measured = Measured::of(&metrics).unwrap();
        assert_eq!((Measured::hit_ratio(&metrics), measured.computed), (Some(0.8), 200.0));
        assert!((measured.demand.bound(0.8, 2.0) - 2.0 / (2e-4 + 0.2 * 0.05)).abs() < 1e-6);
    }

    #[test]
    fn an_instance_without_work_has_none() {
        let idle = Exposition::parse(
            "process_cpu_seconds_total 1\nsiftd_compute_threads 2\nsiftd_compute_cpu_seconds_total 0\n",
        );
        let error = profile(&idle, "now", "0.1.0").unwrap_err();
        assert!(error.to_string().contains("computed none"), "{error}");
    }
}
