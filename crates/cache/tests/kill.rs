//! What the disk store has after the process that filled it was killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use bytes::Bytes;
use cache::{DiskConfig, DiskStore, Extent, Key, Store};

/// Names the folder for the process that is to be killed.
const FOLDER: &str = "SIFTD_TEST_KILL_FOLDER";

const KILLED_AFTER: u32 = 500;

fn key(number: u32) -> Key {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_le_bytes());
    Key { engine_version: 2, fingerprint: [1; 16], digest }
}

fn value(number: u32) -> Bytes {
    vec![number as u8; 20_000 + number as usize].into()
}

/// Run by the test below in a process of its own: stores values and says so until it is killed.
#[tokio::test]
async fn fill() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = DiskStore::open(DiskConfig::new(folder)).unwrap();
    for number in 0.. {
        store.set(key(number), value(number)).await.unwrap();
        // To stderr, which is not buffered and not captured.
        eprintln!("stored {number}");
    }
}

#[tokio::test]
async fn everything_that_was_set_is_there_after_sigkill() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fill", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let killed_after = format!("stored {KILLED_AFTER}");
    lines.by_ref().find(|line| *line == killed_after).expect("it stores values until it is killed");
    child.kill().unwrap();
    // What it said before the signal arrived counts, too.
    let said = lines.filter_map(|line| line.strip_prefix("stored ")?.parse::<u32>().ok());
    let stored = said.last().unwrap_or(KILLED_AFTER) + 1;
    child.wait().unwrap();

    let store = DiskStore::open(DiskConfig::new(folder.path())).unwrap();
    let mut found = 0;
    for number in 0..stored {
        let cached = store.get(key(number), Extent::Whole).await.unwrap();
        found += u32::from(cached.is_some_and(|cached| cached.value == value(number)));
    }
    let recovery = store.recovery();
    println!("{found} of {stored} entries after SIGKILL, {recovery:?}");
    assert_eq!(found, stored);
    assert!(recovery.entries <= u64::from(stored) + 1, "{recovery:?}");
    assert_eq!(recovery.foreign, 0);
}
