use std::sync::Arc;

use cache::{MemoryConfig, Tiers};
use capacity::cache_memory::{Entry, Memory};
use capacity::live::STORED;
use clap::Parser;

use super::*;
use crate::arguments::{Arguments, Command};

fn parsed(arguments: &[&str]) -> Result<PlanArguments, clap::Error> {
    let all = ["siftd", "plan"].iter().chain(arguments);
    match Arguments::try_parse_from(all)?.command {
        Command::Plan(arguments) => Ok(arguments),
        other => panic!("{other:?}"),
    }
}

fn usage_error(arguments: &[&str]) -> String {
    match document(&parsed(arguments).unwrap()) {
        Err(error) => error.to_string(),
        Ok(document) => panic!("{}", document.title),
    }
}

#[test]
fn the_old_plan_needs_no_workload() {
    let Ok(document) = document(&parsed(&["--profile", "seed"]).unwrap()) else { panic!("no document") };
    assert_eq!(document.title, "The old plan, checked");
    let asked = ["--profile", "seed", "--rate", "0", "--hit-ratio", "0.5"];
    assert!(usage_error(&asked).contains("the rate is 0"));
}

#[test]
fn what_is_missing_is_named() {
    assert!(parsed(&[]).is_err());
    assert!(parsed(&["--profile", "p.json", "--from", "http://localhost:8000"]).is_err());
    let told = parsed(&["--rate", "1"]).unwrap_err().to_string();
    assert!(told.contains("--profile <FILE>|--from <URL>"), "{told}");
    let told = parsed(&["--from", "https://localhost:8000"]).unwrap_err().to_string();
    assert!(told.contains("must begin with http://"), "{told}");
    assert!(parsed(&["--profile", "p.json", "--popularity", "zipf:0.8"]).is_err());
    assert!(parsed(&["--profile", "p.json", "--popularity", "even", "--working-set", "10"]).is_err());
    assert!(usage_error(&["--profile", "not/there.json"]).contains("not/there.json"));
    let price = ["--profile", "Cargo.toml", "--rate", "1", "--hit-ratio", "0.5"];
    assert!(usage_error(&price).contains("profile cannot be read"));
}

/// Sizes that a running instance does not measure are those of the format.
#[test]
fn an_instance_stores_what_plans_from_it_say() {
    let stored = |count: usize| {
        let keypoint = extract::Keypoint { x: 1.0, y: 2.0, size: 3.0, angle: 4.0, response: 0.5, octave: 1 };
        let features = extract::FeatureSet {
            width: 9,
            height: 9,
            image_sha256: [0; 32],
            keypoints: vec![keypoint; count],
            descriptors: extract::Descriptors::Sift(vec![7; extract::DESCRIPTOR_LENGTH * count]),
        };
        features.to_siftd().unwrap().len() as f64
    };
    let key = cache::Key { engine_version: ENGINE_VERSION, fingerprint: [1; 16], digest: [2; 32] };
    assert_eq!(STORED.fixed_bytes, stored(0));
    assert_eq!(STORED.bytes_per_keypoint, stored(1) - stored(0));
    assert_eq!(STORED.key_bytes, key.to_string().len() as f64);
}

/// The model of the memory tier is what the tier itself counts.
#[test]
fn the_memory_tier_counts_as_the_model_does() {
    let tiers = Arc::new(Tiers::memory(MemoryConfig::default()));
    let key = cache::Key { engine_version: extract::ENGINE_VERSION, fingerprint: [1; 16], digest: [2; 32] };
    tiers.insert(key, vec![7; 5000].into());
    let key_bytes = key.to_string().len() as u64;
    let entry = Entry { key_bytes, value_bytes: 5000, expires: true };
    let counted = tiers.statistics().first().map(|tier| tier.usage.bytes);
    assert_eq!(counted, Some(Memory.footprint(entry).bytes() as u64));
    assert_eq!(capacity::cache_memory::QUEUED_BYTES, Tiers::QUEUED_BYTES);
}
