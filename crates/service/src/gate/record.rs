use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use http::{Method, Request, StatusCode, Uri};
use hyper::body::Incoming;

use super::received::Received;
use crate::app::App;
use crate::context::{Context, Outcome};
use crate::route::Route;
use crate::telemetry::access_log::Entry;
use crate::telemetry::traces::ParentSpan;

/// The client left before it was answered: what nginx calls that.
const CLIENT_GONE: u16 = 499;

/// A request under way. If it is dropped before its end, its client has gone, and that is recorded.
pub(super) struct Record {
    app: Arc<App>,
    route: Route,
    context: Context,
    client: IpAddr,
    method: Method,
    uri: Uri,
    parent: Option<ParentSpan>,
    received: Received,
    ended: bool,
}

impl Record {
    pub(super) fn begin(
        app: &Arc<App>,
        route: Route,
        context: &Context,
        client: IpAddr,
        request: &Request<Incoming>,
    ) -> Self {
        app.metrics.begun();
        let parent = app
            .traces
            .as_ref()
            .and_then(|_| ParentSpan::from_traceparent(request.headers().get("traceparent")?.to_str().ok()?));
        Self {
            app: Arc::clone(app),
            route,
            context: context.clone(),
            client,
            method: request.method().clone(),
            uri: request.uri().clone(),
            parent,
            received: Received::default(),
            ended: false,
        }
    }

    /// Counts the bytes of the request's body.
    pub(super) fn received(&self) -> &Received {
        &self.received
    }

    /// Ends with what was answered and how many bytes of it were sent.
    pub(super) fn finish(
        &mut self,
        status: StatusCode,
        outcome: &Outcome,
        bytes_out: u64,
        error_code: Option<&'static str>,
    ) {
        self.ended = true;
        self.write(status, outcome, bytes_out, error_code);
    }

    fn write(
        &mut self,
        status: StatusCode,
        outcome: &Outcome,
        bytes_out: u64,
        error_code: Option<&'static str>,
    ) {
        let app = &self.app;
        let now = Instant::now();
        let duration = now - self.context.started;
        app.metrics.answered(self.route, status, duration);
        if self.route.is_probe() {
            return;
        }
        let entry = || Entry {
            time: SystemTime::now(),
            request_id: self.context.id.as_str().to_owned(),
            trace_id: None,
            client: Some(self.client),
            method: self.method.clone(),
            route: self.route,
            path: self.uri.path().to_owned(),
            status,
            error_code,
            cache: outcome.cache,
            bytes_in: self.received.load(Ordering::Relaxed),
            bytes_out,
            width: outcome.size.map(|(width, _)| width),
            height: outcome.size.map(|(_, height)| height),
            keypoints: outcome.keypoints,
            duration,
            stages: outcome.stages,
        };
        let Some(traces) = &app.traces else { return app.log.record(status, now, entry) };
        let mut entry = entry();
        entry.trace_id = traces.record(&entry, self.parent);
        app.log.record(status, now, || entry);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.ended {
            let gone = StatusCode::from_u16(CLIENT_GONE).unwrap_or(StatusCode::BAD_REQUEST);
            self.write(gone, &Outcome::default(), 0, None);
        }
        self.app.metrics.ended();
    }
}
