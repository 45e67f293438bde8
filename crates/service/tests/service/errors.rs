//! Requests that are wrong: each is told by status, code and words.

use serde_json::json;

use crate::http::{BATCH, DETECT, Form, Request, Service, get, post};
use crate::pictures::{fixture, photograph, small};

/// Each request is answered with the problem, whose detail has the words.
#[track_caller]
fn assert_problems(status: u16, code: &str, cases: Vec<(Request, &str)>) {
    let service = Service::start();
    let mut connection = service.connect();
    for (request, words) in cases {
        let problem = connection.ask(&request).problem(status, code);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{detail}, not {words}");
    }
}

#[test]
fn what_is_no_upload_is_a_bad_request() {
    let (content_type, form) = Form::image(&small()).end();
    let cut = form[..form.len() - 10].to_vec();
    let broken = form.strip_suffix(b"--\r\n").unwrap().to_vec();
    let as_form = |body: Vec<u8>| post(DETECT, body).header("Content-Type", content_type.clone());
    let two = Form::image(&small()).file("image", "b", &small());
    assert_problems(
        400,
        "BAD_REQUEST",
        vec![
            (post(DETECT, []), "has no image"),
            (post(DETECT, []).chunked(), "has no image"),
            (post(DETECT, []).form(Form::default().file("picture", "a", &small())), "no field `image`"),
            (post(DETECT, []).form(two), "several fields `image`"),
            (as_form(cut), "ends before its closing boundary"),
            (as_form([&broken[..], b"?"].concat()), "neither a line end nor --"),
            (as_form(Vec::new()), "ends before its closing boundary"),
            (
                post(DETECT, form.clone()).header("Content-Type", "multipart/form-data"),
                "must have a boundary",
            ),
            (
                post(DETECT, form).header("Content-Type", "multipart/mixed; boundary=a"),
                "not multipart/form-data",
            ),
            (post(BATCH, small()), "not multipart/form-data"),
        ],
    );
}

#[test]
fn parameters_are_told_by_name_and_range() {
    let detect = |query: &str| post(format!("{DETECT}?{query}"), small());
    let sha256 = "0".repeat(64);
    assert_problems(
        400,
        "BAD_REQUEST",
        vec![
            (detect("sigmas=1"), "sigmas"),
            (detect("sigma=0"), "from 0.1 to 32"),
            (detect("sigma=x"), "sigma"),
            (detect("sigma=1&sigma=1"), "more than once"),
            (detect("format=xml"), "summary, json, npz, colmap or siftd"),
            (get(format!("/api/v1/features/{sha256}?search_window=0")), "from 1 to 2901"),
            (get("/api/v1/features/0123"), "64 hexadecimal digits"),
            (post(format!("{BATCH}?h=-1"), []).form(Form::image(&small())), "h"),
        ],
    );
    let service = Service::start();
    let problem = service.ask(&detect("sigma=0")).problem(400, "BAD_REQUEST");
    assert_eq!(problem["details"], json!({"parameter": "sigma"}));
}

#[test]
fn what_is_no_image_is_invalid() {
    let mut cut = photograph();
    cut.truncate(20_000);
    assert_problems(
        400,
        "INVALID_IMAGE",
        vec![
            (post(DETECT, "hello"), "not an image of a known format"),
            (post(DETECT, cut.clone()), "it ends inside a scan"),
            (post(DETECT, []).form(Form::image(&cut)), "it ends inside a scan"),
            (post(DETECT, []).form(Form::image(b"")), "the input is empty"),
            (post(DETECT, fixture("broken/png-zero-width")), "without pixels"),
        ],
    );
}

#[test]
fn what_is_nowhere_is_not_found() {
    let unknown = format!("/api/v1/features/{}", "0".repeat(64));
    assert_problems(
        404,
        "NOT_FOUND",
        vec![
            (get("/nowhere"), "nothing at this path"),
            (get("/api/v1/features/a/b"), "nothing at this path"),
            (get("//"), "nothing at this path"),
            (post("/api/v1/detect", photograph()), "nothing at this path"),
            (get(unknown), "upload it to /api/v1/features/detect"),
        ],
    );
}

#[test]
fn other_methods_are_told_those_that_are_allowed() {
    let service = Service::start();
    for (method, path, allowed) in [
        ("GET", DETECT, "POST"),
        ("PUT", DETECT, "POST"),
        ("GET", BATCH, "POST"),
        ("OPTIONS", DETECT, "POST"),
        ("DELETE", "/health", "GET,HEAD"),
        ("POST", "/metrics", "GET,HEAD"),
        ("POST", "/openapi.json", "GET,HEAD"),
    ] {
        let answer = service.ask(&Request::new(method, path));
        let problem = answer.problem(405, "METHOD_NOT_ALLOWED");
        assert_eq!(answer.expect("allow"), allowed, "{method} {path}");
        let allowed: Vec<_> = allowed.split(',').collect();
        assert_eq!(problem["details"], json!({ "allowed": allowed }), "{method} {path}");
    }
}

#[test]
fn formats_that_there_are_not_are_not_acceptable() {
    let sha256 = "0".repeat(64);
    assert_problems(
        406,
        "NOT_ACCEPTABLE",
        vec![
            (post(DETECT, small()).header("Accept", "image/png"), "application/x-npz"),
            (post(DETECT, small()).header("Accept", "*/*;q=0"), "application/x-npz"),
            (get(format!("/api/v1/features/{sha256}")).header("Accept", "text/html"), "application/x-npz"),
            (post(format!("{BATCH}?format=npz"), []).form(Form::image(&small())), "with summaries"),
            (
                post(BATCH, []).form(Form::image(&small())).header("Accept", "application/x-npz"),
                "with summaries",
            ),
        ],
    );
}

#[test]
fn formats_and_codings_that_are_not_decoded_are_unsupported() {
    let coded = |coding: &str| post(DETECT, small()).header("Content-Encoding", coding);
    assert_problems(
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        vec![
            (post(DETECT, "GIF89a\x01\0\x01\0"), "GIF images are not supported"),
            (post(DETECT, fixture("broken/jpeg-arithmetic")), "arithmetic coding"),
            (coded("br"), "the content encoding is `br`, but must be one of gzip, deflate, identity"),
            (coded("gzip, gzip"), "encoded more than once"),
            (
                post(BATCH, []).form(Form::image(&small())).header("Content-Encoding", "zstd"),
                "the content encoding is `zstd`",
            ),
        ],
    );
}

/// Whatever is refused, the connection goes on: the rest of a body is no request.
#[test]
fn a_connection_outlives_what_is_wrong_on_it() {
    let service = Service::start();
    let mut connection = service.connect();
    for _ in 0..3 {
        connection.ask(&post(format!("{DETECT}?sigma=0"), photograph())).problem(400, "BAD_REQUEST");
        connection.ask(&post(DETECT, "hello")).problem(400, "INVALID_IMAGE");
        connection
            .ask(&post(DETECT, photograph()).header("Content-Encoding", "br"))
            .problem(415, "UNSUPPORTED_MEDIA_TYPE");
        connection.ask(&post(DETECT, small())).ok();
    }
}

/// A client that sends all of a large body before it reads gets to the answer.
#[test]
fn a_large_body_to_nowhere_does_not_hide_the_answer() {
    let service = Service::start();
    let large = vec![7; 8_000_000];
    service.ask(&post("/api/v1/detect", large.clone())).problem(404, "NOT_FOUND");
    service.ask(&post("/health", large.clone())).problem(405, "METHOD_NOT_ALLOWED");
    service.ask(&post(format!("{DETECT}?sigma=0"), large.clone())).problem(400, "BAD_REQUEST");
    service.ask(&post(BATCH, large)).problem(400, "BAD_REQUEST");
}

/// A path that is no UTF-8, and a request that no version 1.1 of HTTP allows, get the same documents.
#[test]
fn what_libraries_refuse_by_themselves_is_told_the_same_way() {
    let service = Service::start();
    service.ask(&get("/api/v1/features/%ff")).problem(400, "BAD_REQUEST");
    let mut connection = service.connect();
    connection.write("GET /health HTTP/1.1\r\n\r\n");
    connection.answer().problem(400, "BAD_REQUEST");
}
