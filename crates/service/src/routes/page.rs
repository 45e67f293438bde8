//! The web page.

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::CONTENT_TYPE;

use crate::app::App;

pub(super) fn router() -> Router<Arc<App>> {
    let asset = |media_type: &'static str, content: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, media_type)], content).into_response() })
    };
    Router::new()
        .route("/", asset("text/html; charset=utf-8", include_str!("page/index.html")))
        .route("/page.css", asset("text/css; charset=utf-8", include_str!("page/page.css")))
        .route("/page.js", asset("text/javascript; charset=utf-8", include_str!("page/page.js")))
}
