use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;
use crate::ErrorKind;

const HOUR: Duration = Duration::from_secs(3600);

fn key(number: u8) -> Key {
    Key { engine_version: 2, fingerprint: [number; 16], digest: [number; 32] }
}

fn config(folder: &TempDir) -> DiskConfig {
    DiskConfig { capacity_bytes: 1 << 20, ..DiskConfig::new(folder.path()) }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn value(shelf: &Shelf, number: u8, wanted: Extent, now: SystemTime) -> Option<(Bytes, Extent)> {
    shelf.get(&key(number), wanted, now).unwrap().map(|taken| (taken.value, taken.extent))
}

/// Bytes on disk of all files of entries.
fn space(folder: &Path) -> u64 {
    let shards = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let shards = shards.filter(|entry| entry.file_type().unwrap().is_dir());
    let files = shards.flat_map(|shard| fs::read_dir(shard.path()).unwrap());
    files.map(|file| file.unwrap().metadata().unwrap().len().max(1).next_multiple_of(4096)).sum()
}

#[test]
fn values_and_prefixes_come_back_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let check = |shelf: &Shelf| {
        assert_eq!(value(shelf, 1, Extent::Whole, now()), Some(("hello".into(), Extent::Whole)));
        assert_eq!(value(shelf, 1, Extent::Prefix(2), now()), Some(("he".into(), Extent::Prefix(2))));
        assert_eq!(value(shelf, 1, Extent::Prefix(5), now()), Some(("hello".into(), Extent::Whole)));
        assert_eq!(value(shelf, 1, Extent::Prefix(9), now()), Some(("hello".into(), Extent::Whole)));
        assert_eq!(value(shelf, 2, Extent::Whole, now()), Some((Bytes::new(), Extent::Whole)));
        assert_eq!(value(shelf, 3, Extent::Whole, now()), None);
    };
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    store.shelf.set(key(1), b"replaced", now()).unwrap();
    store.shelf.set(key(1), b"hello", now()).unwrap();
    store.shelf.set(key(2), b"", now()).unwrap();
    check(&store.shelf);
    assert_eq!(store.usage(), Usage { entries: 2, bytes: 8192, evictions: 0 });
    drop(store);

    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    assert_eq!(store.recovery(), Recovery { entries: 2, ..Default::default() });
    check(&store.shelf);
    store.shelf.remove(&key(1)).unwrap();
    store.shelf.remove(&key(1)).unwrap();
    assert_eq!(value(&store.shelf, 1, Extent::Whole, now()), None);
    assert_eq!(space(folder.path()), 4096);
}

#[test]
fn the_time_to_live_counts_across_restarts() {
    let folder = TempDir::new().unwrap();
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    for number in 0..4 {
        store.shelf.set(key(number), b"x", now()).unwrap();
    }
    store.shelf.set(key(9), b"x", now() + HOUR / 2).unwrap();
    drop(store);

    let later = now() + HOUR - Duration::from_secs(1);
    let store = DiskStore::open_at(&config(&folder), later).unwrap();
    let taken = store.shelf.get(&key(0), Extent::Whole, later).unwrap().unwrap();
    assert_eq!(taken.remaining, Duration::from_secs(1));
    assert_eq!(value(&store.shelf, 0, Extent::Whole, now() + HOUR), None);
    assert_eq!(store.usage().entries, 4, "the miss removed it");
    store.shelf.purge_expired(later).unwrap();
    assert_eq!(store.usage().entries, 4);
    drop(store);

    let store = DiskStore::open_at(&config(&folder), now() + HOUR).unwrap();
    assert_eq!(store.recovery(), Recovery { entries: 1, expired: 3, ..Default::default() });
    assert_eq!(space(folder.path()), 4096);
    store.shelf.purge_expired(now() + 2 * HOUR).unwrap();
    assert_eq!(space(folder.path()), 0);
}

#[test]
fn a_clock_set_back_does_not_lengthen_the_time_to_live() {
    let folder = TempDir::new().unwrap();
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    store.shelf.set(key(1), b"x", now() + HOUR).unwrap();
    let taken = store.shelf.get(&key(1), Extent::Whole, now()).unwrap().unwrap();
    assert_eq!(taken.remaining, HOUR);
}

#[test]
fn the_folder_never_takes_more_than_its_capacity() {
    let folder = TempDir::new().unwrap();
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    for number in 0..200_u8 {
        let size = usize::from(number) * 211 % 60_000;
        store.shelf.set(key(number), &vec![number; size], now()).unwrap();
        assert!(space(folder.path()) <= 1 << 20);
    }
    let usage = store.usage();
    assert_eq!(usage.bytes, space(folder.path()));
    assert!(usage.evictions > 50 && usage.entries + usage.evictions == 200, "{usage:?}");
    // The same key with a larger value makes room, too.
    for number in 0..200_u8 {
        store.shelf.set(key(number % 20), &vec![number; 40_000 + usize::from(number)], now()).unwrap();
    }
    assert_eq!(store.usage().bytes, space(folder.path()));
    assert!(space(folder.path()) <= 1 << 20);
    let error = store.shelf.set(key(1), &vec![0; 1 << 20], now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn a_smaller_capacity_at_opening_evicts_the_oldest() {
    let folder = TempDir::new().unwrap();
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    for number in 0..50_u8 {
        let written = now() + Duration::from_secs(u64::from(number ^ 21));
        store.shelf.set(key(number), b"x", written).unwrap();
    }
    drop(store);
    let smaller = DiskConfig { capacity_bytes: 20 * 4096, ..config(&folder) };
    let store = DiskStore::open_at(&smaller, now()).unwrap();
    assert_eq!(store.usage(), Usage { entries: 20, bytes: 20 * 4096, evictions: 30 });
    for number in 0..50_u8 {
        let youngest = (0..50_u8).filter(|other| other ^ 21 > number ^ 21).count() < 20;
        assert_eq!(value(&store.shelf, number, Extent::Whole, now()).is_some(), youngest, "{number}");
    }
}

#[test]
fn foreign_files_are_left_alone_and_unfinished_ones_removed() {
    let folder = TempDir::new().unwrap();
    drop(DiskStore::open_at(&config(&folder), now()).unwrap());
    let path = |name: &str| folder.path().join(name);
    let name = files::name(&key(1));
    fs::create_dir_all(path("ab")).unwrap();
    let foreign = ["notes.txt", "ab/notes.txt", "writing/notes", &format!("ab/{name}")];
    foreign.iter().for_each(|name| fs::write(path(name), "mine").unwrap());
    fs::create_dir_all(path("photographs/inside")).unwrap();
    fs::write(path("writing/17"), "half of a val").unwrap();

    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    assert_eq!(store.recovery(), Recovery { unfinished: 1, foreign: 5, ..Default::default() });
    assert!(!path("writing/17").exists());
    assert!(foreign.iter().all(|name| path(name).exists()));
}

#[test]
fn what_stores_left_in_a_folder_can_be_removed_and_nothing_else_is() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    [1, 2].iter().for_each(|number| store.shelf.set(key(*number), b"x", now()).unwrap());
    assert!(matches!(DiskStore::remove(folder.path()), Err(StoreError::InUse { .. })), "it is open");
    drop(store);
    fs::write(path("01/notes.txt"), "mine").unwrap();
    DiskStore::remove(folder.path()).unwrap();
    assert_eq!((names(folder.path()), names(&path("01"))), (vec!["01".into()], vec!["notes.txt".into()]));

    fs::remove_file(path("01/notes.txt")).unwrap();
    DiskStore::remove(folder.path()).unwrap();
    DiskStore::remove(folder.path()).unwrap();
    assert!(!folder.path().exists());
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn a_torn_file_is_an_error_while_open_and_a_shorter_value_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    for number in 1..3 {
        store.shelf.set(key(number), b"0123456789", now()).unwrap();
        let file = OpenOptions::new().write(true).open(path(&folder, number)).unwrap();
        file.set_len(4).unwrap();
        file.set_modified(now()).unwrap();
    }
    let error = store.shelf.get(&key(1), Extent::Prefix(8), now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(value(&store.shelf, 1, Extent::Prefix(8), now()), None, "it is removed");
    assert!(!path(&folder, 1).exists());
    drop(store);
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    assert_eq!(value(&store.shelf, 2, Extent::Prefix(8), now()), Some(("0123".into(), Extent::Whole)));
}

fn path(folder: &TempDir, number: u8) -> PathBuf {
    folder.path().join(files::shard(&key(number))).join(files::name(&key(number)))
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_until_it_is_replaced() {
    let folder = TempDir::new().unwrap();
    let store = DiskStore::open_at(&config(&folder), now()).unwrap();
    store.shelf.set(key(1), b"x", now()).unwrap();
    fs::remove_file(path(&folder, 1)).unwrap();
    // A link to itself cannot be opened by anybody, root included.
    std::os::unix::fs::symlink(path(&folder, 1), path(&folder, 1)).unwrap();
    let error = store.shelf.get(&key(1), Extent::Whole, now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains(path(&folder, 1).to_str().unwrap()), "{error}");
    store.shelf.set(key(1), b"y", now()).unwrap();
    assert_eq!(value(&store.shelf, 1, Extent::Whole, now()), Some(("y".into(), Extent::Whole)));
}

#[test]
fn a_folder_deleted_under_it_is_a_miss_and_is_made_again() {
    let folder = TempDir::new().unwrap();
    let inside = DiskConfig { folder: folder.path().join("cache"), ..config(&folder) };
    let store = DiskStore::open_at(&inside, now()).unwrap();
    store.shelf.set(key(1), b"x", now()).unwrap();
    fs::remove_dir_all(&inside.folder).unwrap();
    assert_eq!(value(&store.shelf, 1, Extent::Whole, now()), None);
    assert_eq!(store.usage().entries, 0);
    store.shelf.set(key(1), b"y", now()).unwrap();
    assert_eq!(value(&store.shelf, 1, Extent::Whole, now()), Some(("y".into(), Extent::Whole)));
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = DiskStore::open(DiskConfig::new(file.join("below"))).unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");

    let store = DiskStore::open(config(&folder)).unwrap();
    let error = DiskStore::open(config(&folder)).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    drop(store);
    fs::set_permissions(folder.path().join(LOCK), Permissions::from_mode(0o400)).unwrap();
    let root = fs::write(folder.path().join(LOCK), "").is_ok();
    match DiskStore::open(config(&folder)) {
        Err(error) => assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}"),
        Ok(_) if root => eprintln!("NOT RUN: permissions, as root may do everything"),
        Ok(_) => panic!("opened without permission"),
    }
}

#[tokio::test]
async fn nothing_is_taken_once_it_is_closed() {
    let folder = TempDir::new().unwrap();
    let store = DiskStore::open(config(&folder)).unwrap();
    store.set(key(1), "x".into()).await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    assert_eq!(store.set(key(1), "x".into()).await.unwrap_err().kind(), ErrorKind::Closed);
}
