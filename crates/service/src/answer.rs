//! Features as an HTTP answer: format, entity tag, links, times.

mod headers;
mod summary;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use engine::{Answer, Source, Tier, Wanted};
use extract::{ENGINE_VERSION, FeatureSet, OutputFormat, Params, Stage};
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::task;

use crate::app::App;
use crate::conditional::EntityTag;
use crate::context::{Answered, Context, Outcome};
use crate::problem::{ErrorCode, Problem};

pub(crate) use headers::location;
pub(crate) use summary::{GetSummary, Summary};

/// Stored features that are longer are encoded beside the threads that answer requests, which must not wait for them.
const LONGEST_ENCODED_INLINE: usize = 32 << 10;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Asked {
    pub(crate) params: Params,
    pub(crate) format: OutputFormat,
}

impl Asked {
    /// How much of the stored form the answer takes.
    pub(crate) fn wanted(&self) -> Wanted {
        match self.format {
            OutputFormat::Summary => Wanted::Summary,
            _ => Wanted::Whole,
        }
    }

    pub(crate) fn entity_tag(&self, sha256: &[u8; 32]) -> EntityTag {
        EntityTag::new(ENGINE_VERSION, &self.params.fingerprint(), sha256, self.format)
    }
}

/// The answer to an upload.
pub(crate) async fn to_upload(
    app: &App,
    context: &Context,
    asked: &Asked,
    answer: Answer,
) -> Result<Answered, Problem> {
    let found = Found::new(asked, &answer);
    let tag = asked.entity_tag(&found.sha256).header_value();
    if asked.format == OutputFormat::Summary {
        let cached = matches!(found.source, Source::Hit { .. });
        let summary = Summary::new(&answer.header, cached, context.started.elapsed(), context.id.as_str());
        // It tells of this request, so that it is not that which GET gives, byte for byte.
        return Ok(found.respond(app, summary.to_json(), headers::weak(&tag)));
    }
    let (found, body) = encode(app, found, answer).await?;
    Ok(found.respond(app, body, tag))
}

/// The answer to a request by SHA-256: the same bytes as long as the engine is the same.
pub(crate) async fn to_get(
    app: &App,
    asked: &Asked,
    tag: &EntityTag,
    answer: Answer,
) -> Result<Answered, Problem> {
    let found = Found::new(asked, &answer);
    let (found, body) = if asked.format == OutputFormat::Summary {
        (found, GetSummary::new(&answer.header).to_json())
    } else {
        Box::pin(encode(app, found, answer)).await?
    };
    Ok(cacheable(app, &found.source, found.respond(app, body, tag.header_value())))
}

/// That the client has the answer already.
pub(crate) fn not_modified(app: &App, asked: &Asked, tag: &EntityTag, answer: &Answer) -> Answered {
    let found = Found::new(asked, answer);
    let answered = found.respond(app, Bytes::new(), tag.header_value());
    let mut answered = cacheable(app, &answer.source, answered);
    *answered.response.status_mut() = StatusCode::NOT_MODIFIED;
    answered.response.headers_mut().remove(CONTENT_TYPE);
    answered
}

/// With leave for others to keep it.
fn cacheable(app: &App, source: &Source, mut answered: Answered) -> Answered {
    headers::cacheable(answered.response.headers_mut(), source, !app.config.api_keys.is_empty());
    answered
}

/// What was found, beside the features themselves.
#[derive(Debug, Clone, Copy)]
struct Found {
    asked: Asked,
    sha256: [u8; 32],
    source: Source,
    outcome: Outcome,
}

impl Found {
    fn new(asked: &Asked, answer: &Answer) -> Self {
        let Answer { header, source, stages, .. } = answer;
        let outcome = Outcome {
            cache: Some(headers::cache_result(source)),
            stages: *stages,
            keypoints: Some(header.keypoints),
            size: Some((header.width, header.height)),
        };
        Self { asked: *asked, sha256: header.image_sha256, source: *source, outcome }
    }

    /// The response with all headers that every answer with features has.
    fn respond(&self, app: &App, body: Bytes, tag: HeaderValue) -> Answered {
        let Self { asked, sha256, source, outcome } = self;
        let mut response = Response::new(Body::from(body));
        // Those that are set here and by the gate, so that they are not moved as they become more.
        *response.headers_mut() = HeaderMap::with_capacity(12);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(asked.format.media_type()));
        headers.insert(ETAG, tag);
        headers::describe(headers, source, &outcome.stages);
        headers::locate(headers, sha256, asked, &app.config.params);
        Answered { response, outcome: *outcome }
    }
}

/// The stored form as the format that was asked for. What encoding takes at the most is asked of the budget before it begins,
/// and not while it waits for others.
async fn encode(app: &App, mut found: Found, answer: Answer) -> Result<(Found, Bytes), Problem> {
    let format = found.asked.format;
    let stored = answer.stored.len();
    // Held until the answer is sent: a client that takes its time keeps it in memory.
    let mut share = app.bodies.share(app.metrics.body(0));
    if format == OutputFormat::Siftd {
        fits(app, format, stored, stored)?;
        share.take(stored as u64)?;
        return Ok((found, share.hold(answer.stored)));
    }
    let started = Instant::now();
    let most = stored * growth(format) + SHORTEST;
    fits(app, format, stored + most, stored)?;
    let copied = if is_copy(&found.source) { stored } else { 0 };
    share.take(copied as u64)?;
    let beside = stored > LONGEST_ENCODED_INLINE;
    // It is never closed. Who waits here keeps no thread from others.
    let turn = if beside { Arc::clone(&app.encoders).acquire_owned().await.ok() } else { None };
    share.take((stored + most - copied) as u64)?;
    let encode = move || -> Result<Bytes, Problem> {
        let fault = |error: &dyn ToString| Problem::new(ErrorCode::InternalError, error.to_string());
        let features = FeatureSet::from_siftd(&answer.stored).map_err(|error| fault(&error))?;
        let mut encoded = Vec::with_capacity(most);
        features.encode(format, &mut encoded).map_err(|error| fault(&error))?;
        drop((features, answer));
        encoded.shrink_to_fit();
        // What the answer does not take goes back, and the turn: not before, whether or not the client is still there.
        share.keep(encoded.len() as u64);
        drop(turn);
        Ok(share.hold(encoded.into()))
    };
    let encoded = if beside {
        let gone = |_| Problem::new(ErrorCode::ServiceNotReady, "the service is stopping");
        task::spawn_blocking(encode).await.map_err(gone)??
    } else {
        encode()?
    };
    let took = started.elapsed();
    found.outcome.stages.add(Stage::Serialize, took);
    app.engine.observe_stage(Stage::Serialize, took);
    Ok((found, encoded))
}

/// Whether the stored form is in memory for this answer alone, and not in the memory tier or for those who asked at the same
/// time as well.
fn is_copy(source: &Source) -> bool {
    matches!(source, Source::Hit { tier: Tier::Store(_), .. } | Source::Miss { kept: false })
}

/// Whether a format that needs so many bytes can ever be had: what exceeds the whole budget does so at each try.
fn fits(app: &App, format: OutputFormat, needed: usize, stored: usize) -> Result<(), Problem> {
    let allowed = app.bodies.allowed();
    if needed as u64 <= allowed {
        return Ok(());
    }
    let instead = if stored as u64 <= allowed {
        format!("{} takes {stored}", OutputFormat::Siftd.name())
    } else {
        "summary is all that fits".to_owned()
    };
    let detail = format!(
        "these features take up to {needed} bytes as {}, more than the {allowed} that all uploads and answers may: {instead}",
        format.name()
    );
    let problem = Problem::new(ErrorCode::NotAcceptable, detail);
    Err(problem.with("needed_bytes", needed).with("body_budget", allowed))
}

/// What every format takes without features.
const SHORTEST: usize = 4096;

/// How much longer than the stored form a format is at the most: a number in the text of JSON takes up to five times its bytes.
const fn growth(format: OutputFormat) -> usize {
    match format {
        OutputFormat::Summary | OutputFormat::Siftd => 1,
        OutputFormat::Npz => 2,
        OutputFormat::Json | OutputFormat::Colmap => 5,
    }
}
