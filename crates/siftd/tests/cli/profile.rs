//! `siftd profile`: what is measured can be planned with.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use capacity::Profile;

use crate::running::{picture, run, siftd};
use crate::servers::RedisServer;

#[test]
fn a_profile_has_all_that_plans_need() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    for name in ["chelsea.jpg", "camera.png"] {
        fs::write(folder.path().join("in").join(name), picture(name)).unwrap();
    }
    let redis = RedisServer::start(&[]);
    let arguments = ["profile", "--images", "in", "--samples", "2", "--window", "200ms", "--denoise", "none"];
    let cache = format!("redis://127.0.0.1:{}", redis.port);
    let ran = run(folder.path(), &[&arguments[..], &["--cache", &cache, "-o", "profile.json"]].concat());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let told = String::from_utf8(ran.stdout).unwrap();
    assert!(told.contains("1: chelsea.jpg 451x300, 1 thread(s)"), "{told}");

    let profile =
        Profile::from_json(&fs::read_to_string(folder.path().join("profile.json")).unwrap()).unwrap();
    let classes: Vec<_> = profile.pictures.iter().map(|class| (class.name.as_str(), class.pixels)).collect();
    assert_eq!(classes, [("1: chelsea.jpg 451x300", 135_300.0), ("2: camera.png 512x512", 262_144.0)]);
    for run in profile.pictures.iter().flat_map(|class| &class.runs) {
        assert_eq!(run.service.n, 2);
        let stages: Vec<_> = run.stages.keys().map(String::as_str).collect();
        assert_eq!(stages, ["cache_set", "decode", "describe", "detect"]);
        let sum: f64 = run.stages.values().map(|stage| stage.mean).sum();
        assert!(sum <= run.service.mean, "stages are parts of the whole");
    }
    // docs/formats.md: a header of 128 bytes; 24 bytes of a keypoint and 128 of its descriptor.
    let stored = &profile.stored;
    assert!((stored.fixed_bytes - 128.0).abs() < 1e-6 && (stored.bytes_per_keypoint - 152.0).abs() < 1e-6);
    assert_eq!(stored.key_bytes, "features:5:".len() as f64 + 32.0 + 1.0 + 64.0);
    assert_eq!(profile.requests.upload_hits.len(), 2);
    assert!(profile.memory.rest_bytes > 1e6);
    assert_eq!(profile.contention.across_pictures.points[0].n, 1);
    let lookup = &profile.requests.shared_lookups["redis"];
    assert!(lookup.cpu_seconds > 0.0 && lookup.alone.n > 10, "{lookup:?}");
    assert_eq!(redis.ask::<u64>(&[b"DBSIZE"]).unwrap(), 0, "what was written was removed");
    plans_are_made_from_it(folder.path());
}

fn plans_are_made_from_it(folder: &Path) {
    let plan = |arguments: &[&str]| run(folder, &[&["plan", "--profile"], arguments].concat());
    let asked = ["profile.json", "--rate", "20", "--hit-ratio", "0.8", "--p99", "60s"];
    let json = plan(&[&asked[..], &["--format", "json"]].concat());
    assert_eq!((json.code, json.stderr.as_str()), (Some(0), ""));
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let keys: Vec<_> = document["sections"].as_array().unwrap().iter().map(|part| &part["key"]).collect();
    for key in ["needed", "latency", "caching", "memory", "limits", "tier", "cost", "sensitivity"] {
        assert!(keys.iter().any(|found| *found == key), "{key} of {keys:?}");
    }
    let html = String::from_utf8(plan(&[&asked[..], &["--format", "html"]].concat()).stdout).unwrap();
    assert!(html.starts_with("<!doctype html>") && !html.contains("https://"), "it loads nothing");

    // Settings that go together with others' defaults only if the plan gives those, too.
    let limits = extract::Limits::default();
    let (pixels, bytes) = ((limits.max_pixels - 1).to_string(), (limits.max_bytes - 1).to_string());
    for more in [["--pixel-budget", &pixels], ["--body-budget", &bytes], ["--cache-ttl", "1.5"]] {
        let ran = plan(&[&asked[..], &more].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{more:?}");
    }
    for (more, told) in [
        (["--cache-ttl", "0.4"], "no service can be set so: SIFTD_CACHE_TTL is 0.4, but must be"),
        (["--cache-memory", "1kB"], "SIFTD_CACHE_MEMORY is 1000, but must be"),
    ] {
        let ran = plan(&[&asked[..], &more].concat());
        assert_eq!(ran.code, Some(2), "{more:?}");
        assert!(ran.stderr.contains(told) && ran.stdout.is_empty(), "{more:?}: {}", ran.stderr);
    }

    for (arguments, code, told) in [
        (&["profile.json", "--rate", "20", "--hit-ratio", "1.2"][..], 2, "from 0 to 1"),
        (&["profile.json", "--rate", "0", "--hit-ratio", "0.5"], 2, "a number above 0"),
        (&["profile.json", "--rate", "20", "--hit-ratio", "0.5", "--p99", "1ms"], 1, "allow at least that"),
        (&["nothing.json", "--rate", "20", "--hit-ratio", "0.5"], 2, "cannot read nothing.json"),
        (&["older.json", "--rate", "20", "--hit-ratio", "0.5"], 2, "measure again with siftd profile"),
    ] {
        let profile = fs::read_to_string(folder.join("profile.json")).unwrap();
        let engine = format!("\"engine_version\": {}", extract::ENGINE_VERSION);
        assert!(profile.contains(&engine));
        fs::write(folder.join("older.json"), profile.replace(&engine, "\"engine_version\": 1")).unwrap();
        let ran = plan(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}");
        assert!(ran.stderr.contains(told) && ran.stdout.is_empty(), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn services_that_it_measures_end_with_it_however_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("chelsea.jpg"), picture("chelsea.jpg")).unwrap();
    let arguments = [
        "profile",
        "--images",
        ".",
        "--samples",
        "2",
        "--window",
        "200ms",
        "--denoise",
        "none",
        "-o",
        "p.json",
    ];
    let mut command = siftd(folder.path(), &arguments);
    let mut profile = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = profile.stderr.take().unwrap();
    let children = format!("/proc/{0}/task/{0}/children", profile.id());
    while fs::read_to_string(&children).unwrap().is_empty() {
        assert!(profile.try_wait().unwrap().is_none(), "it ended before it measured a service");
        thread::sleep(Duration::from_millis(10));
    }
    profile.kill().unwrap();
    profile.wait().unwrap();
    // Its standard error is theirs, too, and closes when the last of them has ended.
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(io::copy(&mut stderr, &mut io::sink())));
    assert!(end.recv_timeout(Duration::from_secs(30)).is_ok(), "a service goes on");
}

#[test]
fn a_picture_that_cannot_be_measured_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), "no picture").unwrap();
    let ran = run(folder.path(), &["profile", "--images", "."]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("siftd: ./a.jpg: ") && ran.stdout.is_empty(), "{}", ran.stderr);
}
