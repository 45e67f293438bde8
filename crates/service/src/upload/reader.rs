use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt;
use tokio::task;
use tokio::time::{self, Instant, Sleep};

use super::drain::drain;
use crate::content_coding::{Coding, CodingError, Decoder};
use crate::problem::{ErrorCode, Problem};

/// Most bytes that are decoded at a time: they come to 264 KiB at most, since deflate saves no more than that.
const DECODED_AT_ONCE: usize = 256;

/// Reads a body chunk by chunk, decoded, until a moment that the reader can put off.
pub(crate) struct BodyReader {
    body: Body,
    decoder: Option<Decoder>,
    /// What came and is still to be decoded.
    encoded: Bytes,
    /// What was decoded and not yet taken.
    decoded: VecDeque<Bytes>,
    timeout: Duration,
    /// One for all chunks: a timer that goes on costs less than one for each.
    late: Pin<Box<Sleep>>,
    ended: bool,
    /// Whether the client waits for `100 Continue` before it sends anything.
    expects_continue: bool,
    received: u64,
    /// Most bytes, decoded.
    limit: u64,
}

impl BodyReader {
    /// `limit` is the most bytes that the body may have, decoded.
    pub(crate) fn new(
        headers: &HeaderMap,
        body: Body,
        limit: u64,
        timeout: Duration,
    ) -> Result<Self, Problem> {
        let coding = Coding::of_body(headers);
        let mut reader = Self {
            body,
            decoder: None,
            encoded: Bytes::new(),
            decoded: VecDeque::new(),
            timeout,
            late: Box::pin(time::sleep(timeout)),
            ended: false,
            expects_continue: headers.contains_key(EXPECT),
            received: 0,
            limit,
        };
        let coding =
            coding.map_err(|error| Problem::new(ErrorCode::UnsupportedMediaType, error.to_string()))?;
        reader.decoder = coding.map(|coding| Decoder::new(coding, limit));
        Ok(reader)
    }

    /// The next bytes, none at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            if let Some(chunk) = self.decoded.pop_front() {
                return Ok(Some(chunk));
            }
            if !self.encoded.is_empty() {
                self.decode()?;
                task::consume_budget().await;
                continue;
            }
            if self.ended {
                return Ok(None);
            }
            self.expects_continue = false;
            let frame = tokio::select! {
                biased;
                frame = self.body.frame() => frame,
                () = &mut self.late => return Err(self.too_late()),
            };
            match frame {
                None => self.end()?,
                Some(Err(error)) => {
                    self.ended = true;
                    return Err(Problem::bad_request(format!("the body breaks off: {error}")));
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.take(data)?;
                    }
                }
            }
        }
    }

    /// Gives the client its whole time again.
    pub(crate) fn put_off(&mut self) {
        self.late.as_mut().reset(Instant::now() + self.timeout);
    }

    fn take(&mut self, data: Bytes) -> Result<(), Problem> {
        self.received += data.len() as u64;
        if self.decoder.is_some() {
            self.encoded = data;
            return Ok(());
        }
        if self.received > self.limit {
            return Err(over(self.limit));
        }
        self.decoded.push_back(data);
        Ok(())
    }

    /// Decodes a little of what came.
    fn decode(&mut self) -> Result<(), Problem> {
        let Self { decoder, encoded, decoded, .. } = self;
        let Some(decoder) = decoder else { return Ok(()) };
        let piece = encoded.split_to(encoded.len().min(DECODED_AT_ONCE));
        decoder.push(&piece, &mut |chunk| decoded.push_back(chunk)).map_err(|error| coding_problem(&error))
    }

    fn end(&mut self) -> Result<(), Problem> {
        self.ended = true;
        match &self.decoder {
            Some(decoder) => decoder.finish().map_err(|error| coding_problem(&error)),
            None => Ok(()),
        }
    }

    fn too_late(&self) -> Problem {
        let seconds = self.timeout.as_secs_f64();
        Problem::new(ErrorCode::RequestTimeout, format!("the body did not arrive within {seconds} s"))
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        // Whoever waits for 100 Continue sends nothing, and who was too slow is cut.
        if !self.ended && !self.expects_continue && Instant::now() < self.late.deadline() {
            drain(std::mem::take(&mut self.body));
        }
    }
}

/// The length that the body is said to have, as it is sent.
pub(crate) fn stated_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn over(limit: u64) -> Problem {
    Problem::new(ErrorCode::ImageTooLarge, format!("the body has more than {limit} bytes"))
}

fn coding_problem(error: &CodingError) -> Problem {
    match error {
        CodingError::TooLarge { .. } => Problem::new(ErrorCode::ImageTooLarge, error.to_string()),
        CodingError::Corrupt | CodingError::Truncated => Problem::bad_request(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;
    use http::header::CONTENT_ENCODING;

    use super::*;

    /// However much a chunk of the body decodes to, little of that is in memory at a time.
    #[tokio::test]
    async fn a_bomb_is_decoded_bit_by_bit() {
        const SIZE: usize = 50_000_000;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; SIZE]).unwrap();
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        let body = Body::from(encoder.finish().unwrap());
        let mut reader = BodyReader::new(&headers, body, u64::MAX, Duration::from_secs(60)).unwrap();
        let mut size = 0;
        while let Some(chunk) = reader.chunk().await.unwrap() {
            size += chunk.len();
            let held: usize = reader.decoded.iter().map(Bytes::len).sum();
            assert!(held <= 300_000, "{held} bytes at a time");
        }
        assert_eq!(size, SIZE);
    }
}
