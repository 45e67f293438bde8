//! Many images in a form, a line for each.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::thread;

use serde_json::Value;

use crate::http::{BATCH, Form, Service, get, post};
use crate::pictures::{fixture, noise, photograph, slow, small};

/// The lines by the image's index; the line of an error of the whole form has none.
fn by_index(lines: Vec<Value>) -> BTreeMap<Option<u64>, Value> {
    let count = lines.len();
    let lines: BTreeMap<_, _> = lines.into_iter().map(|line| (line["index"].as_u64(), line)).collect();
    assert_eq!(lines.len(), count, "an index is there twice: {lines:?}");
    lines
}

#[test]
fn each_image_has_its_line() {
    let service = Service::start();
    let form = Form::image(&small())
        .file("note", "x", b"not an image")
        .file("image", "b.txt", b"not an image")
        .file("image", "c.jpg", &photograph())
        .file("image", "d.png", &fixture("broken/png-huge"));
    let answer = service.ask(&post(format!("{BATCH}?octave_layers=4"), []).form(form)).ok();
    assert_eq!(answer.expect("content-type"), "application/x-ndjson");
    let id = answer.expect("x-request-id").to_owned();
    let lines = by_index(answer.lines());
    assert_eq!(lines.keys().copied().collect::<Vec<_>>(), [Some(0), Some(1), Some(2), Some(3)]);
    assert!(lines.values().all(|line| line["request_id"] == id));
    let codes = lines.values().map(|line| line["error_code"].as_str()).collect::<Vec<_>>();
    assert_eq!(codes, [None, Some("INVALID_IMAGE"), None, Some("IMAGE_TOO_LARGE")]);
    let names = lines.values().map(|line| line["file_name"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(names, ["picture", "b.txt", "c.jpg", "d.png"]);
    for index in [0, 2] {
        let line = &lines[&Some(index)];
        let location = line["location"].as_str().unwrap();
        let summary = service.ask(&get(location)).ok().json();
        assert!(location.ends_with("?octave_layers=4"));
        for member in ["success", "keypoints", "descriptors_shape", "width", "height", "sha256"] {
            assert_eq!(line[member], summary[member], "{member}");
        }
        let archive = service.ask(&get(format!("{location}&format=npz"))).ok();
        assert!(archive.body.starts_with(b"PK"));
    }
    let problem = &lines[&Some(1)];
    assert_eq!((&problem["status"], &problem["success"]), (&400.into(), &false.into()));
}

#[test]
fn more_images_than_allowed_end_the_batch() {
    let service = Service::with(|setup| setup.config.bounds.batch_images = NonZeroUsize::new(2).unwrap());
    let two = || Form::image(&small()).file("image", "b", &photograph());
    let lines = by_index(service.ask(&post(BATCH, []).form(two())).ok().lines());
    assert!(lines.values().all(|line| line["success"] == true), "{lines:?}");
    let lines = by_index(service.ask(&post(BATCH, []).form(two().file("image", "c", &small()))).ok().lines());
    assert_eq!(lines.keys().copied().collect::<Vec<_>>(), [None, Some(0), Some(1)]);
    assert_eq!(lines[&None]["error_code"], "BAD_REQUEST");
    assert!(lines[&None]["detail"].as_str().unwrap().contains("may have 2 images"));
    assert!(lines[&Some(0)]["success"] == true && lines[&Some(1)]["success"] == true);
}

#[test]
fn a_form_that_breaks_off_is_told_after_what_was_whole() {
    let service = Service::start();
    let whole = Form::image(&small()).begun();
    let part = Form::image(&photograph()).begun();
    for (rest, words) in [
        (b"------boundary7MA4YWxk".as_slice(), "ends before its closing boundary"),
        (&part[..part.len() - 1000], "ends before its closing boundary"),
        (b"------boundary7MA4YWxk?", "neither a line end nor --"),
        (b"------boundary7MA4YWxk\r\nno header\r\n\r\n", "malformed header"),
    ] {
        let body = [&whole, rest].concat();
        let request = post(BATCH, body).header("Content-Type", Form::content_type());
        let lines = by_index(service.ask(&request).ok().lines());
        assert_eq!(lines.keys().copied().collect::<Vec<_>>(), [None, Some(0)]);
        assert_eq!(lines[&Some(0)]["success"], true);
        assert!(lines[&None]["detail"].as_str().unwrap().contains(words), "{lines:?}");
    }
    let cut = post(BATCH, whole).header("Content-Type", Form::content_type());
    let lines = by_index(service.ask(&cut).ok().lines());
    assert_eq!(lines.keys().copied().collect::<Vec<_>>(), [None], "an image that may go on is not whole");
}

#[test]
fn a_form_without_images_is_refused_as_a_whole() {
    let service = Service::start();
    let note = || Form::default().file("note", "a", b"b");
    let cut = |body: &[u8]| post(BATCH, body).header("Content-Type", Form::content_type());
    for (request, words) in [
        (post(BATCH, []).form(note()), "no field `image`"),
        (cut(&note().begun()), "ends before its closing boundary"),
        (cut(b""), "ends before its closing boundary"),
    ] {
        let problem = service.ask(&request).problem(400, "BAD_REQUEST");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
}

#[test]
fn a_client_may_send_everything_before_it_reads_anything() {
    const IMAGES: u32 = 300;
    let service = Service::start();
    let form = (0..IMAGES).fold(Form::default(), |form, seed| {
        form.file("image", &format!("{}{seed}", "x".repeat(1000)), &noise(100, seed))
    });
    let mut connection = service.connect();
    connection.write(post(format!("{BATCH}?denoise=none"), []).form(form).bytes());
    let lines = by_index(connection.answer().ok().lines());
    assert!(lines.values().all(|line| line["success"] == true), "{lines:?}");
    assert_eq!(
        lines.keys().copied().collect::<Vec<_>>(),
        (0..u64::from(IMAGES)).map(Some).collect::<Vec<_>>()
    );
}

#[test]
fn a_line_comes_as_soon_as_its_image_is_done() {
    let service = Service::start();
    let request = post(BATCH, []).header("Content-Type", Form::content_type()).chunked();
    let head = request.head();
    let mut connection = service.connect();
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    connection.write(head);
    for (index, image) in [small(), photograph(), noise(50, 0)].into_iter().enumerate() {
        // The boundary that ends an image begins the next.
        let part = Form::image(&image).begun();
        let boundary = &part[..part.windows(2).position(|window| window == b"\r\n").unwrap()];
        let part = if index == 0 { part.clone() } else { part[boundary.len()..].to_vec() };
        connection.write(chunk(&[&part, boundary].concat()));
        if index == 0 {
            assert_eq!(connection.head().status, 200);
        }
        let line: Value = serde_json::from_slice(&connection.chunk().unwrap()).unwrap();
        assert_eq!((&line["index"], &line["success"]), (&index.into(), &true.into()));
    }
    connection.write(chunk(b"--\r\n"));
    connection.write("0\r\n\r\n");
    assert_eq!(connection.chunk(), None);
    connection.ask(&get("/health/live")).ok();
}

#[test]
fn a_batch_whose_client_is_gone_computes_no_more() {
    let service = Service::start();
    let form =
        Form::image(&noise(1500, 1)).file("image", "b", &noise(1500, 2)).file("image", "c", &noise(1500, 3));
    let mut connection = service.connect();
    let request = post(format!("{BATCH}?search_window=299"), []).form(form).header("X-Request-ID", "gone");
    connection.write(request.bytes());
    service.until(&[("siftd_compute_busy_threads", 1.0), ("siftd_requests_in_flight", 2.0)]);
    drop(connection);
    assert_eq!(service.log.request("gone")["status"], 499);
    service.until(&[
        ("siftd_compute_busy_threads", 0.0),
        ("siftd_compute_queue_depth", 0.0),
        ("siftd_body_bytes_in_flight", 0.0),
    ]);
}

#[test]
fn batches_and_single_images_share_the_service() {
    let service = Service::with(|setup| setup.engine.threads = NonZeroUsize::new(2).unwrap());
    let forms = (0..4).map(|batch| {
        (0..20)
            .fold(Form::default(), |form, seed| form.file("image", "a", &noise(60, 20 * (batch % 2) + seed)))
    });
    let requests: Vec<_> = forms.map(|form| post(format!("{BATCH}?denoise=none"), []).form(form)).collect();
    let mut busy = service.connect();
    busy.write(slow(0).bytes());
    thread::scope(|scope| {
        let answers: Vec<_> = requests.iter().map(|request| scope.spawn(|| service.ask(request))).collect();
        for answer in answers {
            let lines = by_index(answer.join().unwrap().ok().lines());
            assert_eq!(lines.len(), 20);
            assert!(lines.values().all(|line| line["success"] == true), "{lines:?}");
        }
    });
    assert_eq!(service.metric("siftd_image_pixels_count"), 40.0, "each image is computed once");
}
