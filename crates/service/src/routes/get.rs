use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use engine::Wanted;
use http::Method;
use http::request::Parts;

use super::detect::asked;
use crate::answer::{self, GetSummary};
use crate::app::App;
use crate::context::Answered;
use crate::hex;
use crate::problem::{Document, ErrorCode, Problem};
use crate::route::FEATURES;

/// Features by SHA-256
///
/// The features of an image that was uploaded before, as long as the cache has them. The answer stays the same, so that
/// a proxy or CDN can hold it, as long as the service's defaults do or the parameters are named.
#[utoipa::path(
    get, path = "/api/v1/features/{sha256}", tag = "features",
    params(
        ("sha256" = String, Path, description = "SHA-256 of the image's bytes, 64 hexadecimal digits", pattern = "^[0-9a-fA-F]{64}$"),
        ("If-None-Match" = Option<String>, Header, description = "Entity tags that the client has the features of, or `*`"),
    ),
    responses(
        (status = 200, description = "The features", body = GetSummary),
        (status = 304, description = "The client has them: `If-None-Match` lists their `ETag`"),
        (status = 400, description = "Malformed request", body = Document, content_type = "application/problem+json"),
        (status = 404, description = "The cache does not have it", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    sha256: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Answered, Problem> {
    let sha256 = parse(sha256.as_deref().map_or("", |sha256| sha256))?;
    let (parts, _) = request.into_parts();
    by_sha256(&app, sha256, &parts).await
}

/// The image of a plain request for features.
pub(super) fn asked_for(request: &Request) -> Option<[u8; 32]> {
    let sha256 = request.uri().path().strip_prefix(FEATURES)?;
    hex::digest(sha256.as_bytes()).filter(|_| request.method() == Method::GET)
}

/// Answers a request for the features of an image.
pub(super) async fn by_sha256(app: &Arc<App>, sha256: [u8; 32], parts: &Parts) -> Result<Answered, Problem> {
    let asked = asked(app, parts)?;
    let tag = asked.entity_tag(&sha256);
    let known = tag.is_known(&parts.headers);
    let wanted = if known { Wanted::Summary } else { asked.wanted() };
    let found = app.engine.lookup(sha256, &asked.params, wanted).await.ok_or_else(|| {
        Problem::new(
            ErrorCode::NotFound,
            "the cache has no features of this image with these parameters: upload it to /api/v1/features/detect",
        )
    })?;
    if known {
        return Ok(answer::not_modified(app, &asked, &tag, &found));
    }
    answer::to_get(app, &asked, &tag, found).await
}

fn parse(sha256: &str) -> Result<[u8; 32], Problem> {
    let malformed = || Problem::bad_request("an image's SHA-256 has 64 hexadecimal digits");
    hex::digest(sha256.as_bytes()).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_either_case_are_read() {
        assert_eq!(parse(&"aB".repeat(32)).unwrap(), [0xab; 32]);
        for malformed in ["", &"ab".repeat(31), &"ab".repeat(33), &"g0".repeat(32), &"é".repeat(32)] {
            assert!(parse(malformed).is_err(), "{malformed}");
        }
    }
}
