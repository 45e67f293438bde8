use super::*;

/// A profile of round figures: 50 ms a picture of half a megapixel on one thread, 100 µs a hit.
pub(crate) fn profile() -> Profile {
    let run = |threads: u32, seconds: f64| Run {
        threads,
        service: Distribution::of(&[seconds * 0.9, seconds, seconds * 1.1]).unwrap(),
        cpu_seconds: 0.05,
        stages: BTreeMap::from([("denoise".to_owned(), Distribution::constant(seconds * 0.7))]),
    };
    let picture = PictureProfile {
        name: "half a megapixel".to_owned(),
        files: vec!["pictures/half.jpg".to_owned()],
        pixels: 500_000.0,
        bytes: 200_000.0,
        keypoints: 1000.0,
        runs: vec![run(1, 0.05), run(2, 0.028)],
    };
    let request = |cpu_seconds: f64| RequestProfile {
        bytes: 200_000.0,
        concurrency: 16,
        cpu_seconds,
        client_cpu_seconds: 5e-5,
        alone: Distribution::of(&[2e-4, 3e-4, 4e-4]).unwrap(),
    };
    let curve = |lambda: f64, sigma: f64| Curve {
        law: Usl { lambda, sigma, kappa: 0.0 },
        points: vec![CurvePoint { n: 1, per_second: lambda }],
    };
    Profile {
        version: PROFILE_VERSION,
        made: "2026-11-24T12:00:00Z".to_owned(),
        machine: Machine {
            cores: 2,
            cpu: "test".to_owned(),
            instruction_set: "avx512".to_owned(),
            memory_bytes: 8 << 30,
            system: "Linux".to_owned(),
        },
        stolen: 0.0,
        software: Software {
            siftd: "0.1.0".to_owned(),
            engine_version: 2,
            parameters: "00".repeat(16),
            niceness: 5,
        },
        pictures: vec![picture],
        requests: RequestProfiles {
            upload_hits: vec![request(1e-4)],
            get_hits: vec![request(2e-5)],
            refusals: Vec::new(),
            hits_beside: Vec::new(),
            shared_lookups: BTreeMap::new(),
        },
        contention: Contention {
            across_pictures: curve(20.0, 0.0),
            within_picture: curve(20.0, 0.12),
            hits: None,
        },
        memory: MemoryProfile {
            rest_bytes: 9e6,
            bytes_per_pixel: 20.0,
            bytes_per_thread: 12e6,
            bytes_per_connection: 20e3,
        },
        stored: StoredSize { fixed_bytes: 128.0, bytes_per_keypoint: 152.0, key_bytes: 107.0 },
    }
}

#[test]
fn a_profile_is_read_as_it_was_written() {
    let profile = profile();
    assert_eq!(Profile::from_json(&profile.to_json().unwrap()), Ok(profile));
}

#[test]
fn another_version_is_told_before_what_else_it_has() {
    let error = Profile::from_json(r#"{"version": 7, "something": "new"}"#).unwrap_err();
    assert_eq!(error, Error::ProfileVersion { found: 7, supported: PROFILE_VERSION });
    assert!(matches!(Profile::from_json("{}"), Err(Error::ProfileSyntax(_))));
    assert!(matches!(Profile::from_json("seconds: 3"), Err(Error::ProfileSyntax(_))));
}

#[test]
fn a_field_that_is_not_known_is_refused() {
    let json = profile().to_json().unwrap().replacen("\"made\"", "\"colour\": 3, \"made\"", 1);
    let Err(Error::ProfileSyntax(message)) = Profile::from_json(&json) else { panic!("it was read") };
    assert!(message.contains("colour"), "{message}");
}

/// Each change makes something of the profile impossible, and the error names where.
#[test]
fn what_cannot_have_been_measured_is_named() {
    type Spoil = fn(&mut Profile);
    let spoilt: [(&str, Spoil); 10] = [
        ("profile.stolen", |profile| profile.stolen = 1.5),
        ("machine.cores", |profile| profile.machine.cores = 0),
        ("software.niceness", |profile| profile.software.niceness = 20),
        ("pictures.half a megapixel.pixels", |profile| profile.pictures[0].pixels = 0.0),
        ("pictures.half a megapixel.runs.1.cpu_seconds", |profile| {
            profile.pictures[0].runs[0].cpu_seconds = f64::NAN;
        }),
        ("pictures.half a megapixel.runs.1.service.variance", |profile| {
            profile.pictures[0].runs[0].service.variance = -1.0;
        }),
        ("requests.upload_hits.cpu_seconds", |profile| profile.requests.upload_hits[0].cpu_seconds = -1e-6),
        ("contention.within_picture.law.sigma", |profile| {
            profile.contention.within_picture.law.sigma = -0.1;
        }),
        ("memory.rest_bytes", |profile| profile.memory.rest_bytes = f64::INFINITY),
        ("stored.key_bytes", |profile| profile.stored.key_bytes = 0.0),
    ];
    for (place, spoil) in spoilt {
        let mut profile = profile();
        spoil(&mut profile);
        let Err(Error::ProfileValue { field, .. }) = profile.validate() else {
            panic!("{place} was not refused")
        };
        assert_eq!(field, place);
    }
}

#[test]
fn quantiles_that_do_not_ascend_are_refused() {
    let mut profile = profile();
    profile.pictures[0].runs[0].service.quantiles.reverse();
    assert!(matches!(profile.validate(), Err(Error::ProfileQuantiles { .. })));
}

#[test]
fn a_profile_without_its_parts_is_refused() {
    let mut without_pictures = profile();
    without_pictures.pictures.clear();
    let mut without_single = profile();
    without_single.pictures[0].runs.remove(0);
    let mut without_hits = profile();
    without_hits.requests.upload_hits.clear();
    for profile in [without_pictures, without_single, without_hits] {
        assert!(matches!(profile.validate(), Err(Error::ProfileLacks { .. })));
    }
}
