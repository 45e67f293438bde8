//! Every sample of the decoders, good and bad: features or a documented error, never a fault.

use std::fs;
use std::path::Path;

use crate::http::{Connection, DETECT, Form, Service, get, post};
use crate::pictures::workspace;

/// All files below a folder, in order.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let read = |path: &Path| vec![(path.display().to_string(), fs::read(path).unwrap())];
    entries.iter().flat_map(|path| if path.is_dir() { files(path) } else { read(path) }).collect()
}

/// Sends it both ways; the status.
fn sent(connection: &mut Connection, name: &str, bytes: &[u8]) -> u16 {
    let raw = connection.ask(&post(format!("{DETECT}?denoise=none"), bytes));
    let form = connection.ask(&post(format!("{DETECT}?denoise=none"), []).form(Form::image(bytes)));
    // An empty body has no image, and an empty field is none.
    if !bytes.is_empty() {
        assert_eq!(raw.status, form.status, "{name}");
    }
    match raw.status {
        200 => assert_eq!(raw.json()["success"], true),
        400 if bytes.is_empty() => drop(raw.problem(400, "BAD_REQUEST")),
        400 => drop(raw.problem(400, "INVALID_IMAGE")),
        413 => drop(raw.problem(413, "IMAGE_TOO_LARGE")),
        415 => drop(raw.problem(415, "UNSUPPORTED_MEDIA_TYPE")),
        status => panic!("{name}: {status}, {raw:?}"),
    }
    raw.status
}

fn send_all(folder: &str) -> Vec<(String, u16)> {
    let service = Service::start();
    let mut connection = service.connect();
    let files = files(&workspace(folder));
    let statuses =
        files.iter().map(|(name, bytes)| (name.clone(), sent(&mut connection, name, bytes))).collect();
    assert_eq!(connection.ask(&get("/health")).ok().json()["status"], "healthy");
    assert_eq!(service.metric("siftd_compute_busy_threads"), 0.0);
    statuses
}

#[test]
fn findings_of_the_fuzz_targets() {
    assert!(!send_all("crates/extract/tests/regressions").is_empty());
}

#[test]
fn what_the_decoders_refuse() {
    let statuses = send_all("crates/extract/tests/golden/decode/broken");
    assert!(statuses.len() > 50);
    assert!(statuses.iter().all(|(_, status)| *status != 200), "{statuses:?}");
    for status in [400, 413, 415] {
        assert!(statuses.iter().any(|(_, other)| *other == status), "{status}");
    }
}

#[test]
fn what_the_decoders_take() {
    for folder in ["crates/extract/tests/golden/decode/ok", "testdata/pictures"] {
        for (name, status) in send_all(folder) {
            let is_picture = !["py", "md"].iter().any(|ending| name.ends_with(ending));
            assert_eq!(status, if is_picture { 200 } else { 400 }, "{name}");
        }
    }
}

#[test]
fn every_other_golden_file() {
    for folder in ["decode/beyond", "encoding", "engine"] {
        assert!(!send_all(&format!("crates/extract/tests/golden/{folder}")).is_empty(), "{folder}");
    }
}

/// A picture cut short at any point, or with a byte changed.
#[test]
fn mutilated_pictures() {
    let service = Service::start();
    let mut connection = service.connect();
    for name in ["png-rgb-8", "jpeg-420", "bmp-rle8", "webp-lossy-60", "tiff-16-grey", "pnm-p3"] {
        let path = workspace("crates/extract/tests/golden/decode/ok").join(name);
        let whole = fs::read(&path).unwrap();
        let mut state = 1_u32;
        for _ in 0..40 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (state >> 8) as usize % whole.len();
            sent(&mut connection, name, &whole[..at]);
            let mut changed = whole.clone();
            changed[at] ^= (state as u8) | 1;
            sent(&mut connection, name, &changed);
        }
    }
    assert_eq!(connection.ask(&get("/health")).ok().json()["status"], "healthy");
}
