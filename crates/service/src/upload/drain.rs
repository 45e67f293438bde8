use std::time::Duration;

use axum::body::Body;
use http::HeaderMap;
use http::header::EXPECT;
use http_body_util::BodyExt;

/// How much of a body that nobody wants is still read, and for how long. A client that is cut off in the middle of
/// sending may never see the answer.
const MOST: usize = 32 << 20;
const LONGEST: Duration = Duration::from_secs(5);

/// Lets a client that is refused come to the end of its body, unless it waits to be asked for it.
pub(crate) fn refuse(headers: &HeaderMap, body: Body) {
    if !headers.contains_key(EXPECT) {
        drain(body);
    }
}

/// Reads on, beside the answer, what a client is still sending, so that it comes to reading the answer.
pub(super) fn drain(mut body: Body) {
    let reading = async move {
        let mut left = MOST;
        while let Some(Ok(frame)) = body.frame().await {
            let read = frame.data_ref().map_or(0, bytes::Bytes::len);
            let Some(rest) = left.checked_sub(read) else { return };
            left = rest;
        }
    };
    tokio::spawn(tokio::time::timeout(LONGEST, reading));
}
