use std::sync::Arc;

use axum::extract::{Request, State};
use extract::Stage;
use http::Method;
use http::request::Parts;
use utoipa::ToSchema;

use crate::answer::{self, Asked, Summary};
use crate::app::App;
use crate::context::{Answered, Context};
use crate::negotiation::negotiate;
use crate::problem::{Document, ErrorCode, Problem};
use crate::query::Query;
use crate::route::Route;
use crate::upload;

/// A form with an image.
#[derive(Debug, ToSchema)]
#[allow(dead_code)]
pub(super) struct ImageForm {
    /// The bytes of a JPEG, PNG, BMP, TIFF, WebP or PNM file.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
}

/// The bytes of a JPEG, PNG, BMP, TIFF, WebP or PNM file.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)]
pub(super) struct ImageBytes(Vec<u8>);

/// Features of an image
///
/// Takes an image as the field `image` of a form, or as the body itself, of whatever media type. Answers with the summary,
/// or in the format that `format` or `Accept` name (`application/json;profile=full` for everything as JSON). The bytes are
/// hashed first: what is known already is not computed again.
#[utoipa::path(
    post, path = "/api/v1/features/detect", tag = "features",
    request_body(content(
        (ImageForm = "multipart/form-data"),
        (ImageBytes = "application/octet-stream"),
    )),
    responses(
        (status = 200, description = "The features", body = Summary),
        (status = 400, description = "Malformed request, or no decodable image", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn detect(
    State(app): State<Arc<App>>,
    context: Context,
    request: Request,
) -> Result<Answered, Problem> {
    by_upload(&app, &context, request).await
}

/// Whether a request is a plain upload of an image.
pub(super) fn is_asked_for(request: &Request) -> bool {
    request.method() == Method::POST && Route::of(request.uri().path()) == Route::Detect
}

/// Answers an upload.
pub(super) async fn by_upload(
    app: &Arc<App>,
    context: &Context,
    request: Request,
) -> Result<Answered, Problem> {
    let (parts, body) = request.into_parts();
    let asked = match asked(app, &parts) {
        Ok(asked) => asked,
        Err(problem) => {
            upload::refuse(&parts.headers, body);
            return Err(problem);
        }
    };
    let image = upload::receive(app, &parts, body).await?;
    let parsing = context.started.elapsed();
    app.engine.observe_stage(Stage::Parse, parsing);
    let image = app.engine.image(image).await;
    let found = app.engine.features(&image, &asked.params, asked.wanted()).await;
    // Its memory goes back before the answer takes some.
    drop(image);
    let mut found = found.map_err(|error| Problem::of(&error, &app.engine.config().limits))?;
    found.stages.add(Stage::Parse, parsing);
    answer::to_upload(app, context, &asked, found).await
}

/// What the query and `Accept` ask for.
pub(super) fn asked(app: &App, parts: &Parts) -> Result<Asked, Problem> {
    let Query { params, format } = Query::parse(parts.uri.query(), &app.config.params)?;
    let negotiated = || {
        negotiate(&parts.headers).map_err(|error| Problem::new(ErrorCode::NotAcceptable, error.to_string()))
    };
    Ok(Asked { params, format: format.map_or_else(negotiated, Ok)? })
}
