//! Traces by OpenTelemetry's standard variables: a span for each request, with one for each of its stages.

use std::io;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Span, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracer, SdkTracerProvider};
use prometheus_client::metrics::counter::Counter;

use super::access_log::Entry;
use exporter::BlockingExporter;
pub(crate) use parent::ParentSpan;
use settings::Settings;

mod attributes;
mod exporter;
mod parent;
mod settings;

/// Why there can be no traces although they are asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TraceError {
    /// What is set is no address of a collector.
    #[error("{variable} is no address of a collector: give one like http://localhost:4318")]
    Endpoint {
        /// The variable.
        variable: &'static str,
    },
    /// TLS is left to a collector beside the service.
    #[error(
        "{variable} is an https address, but traces are sent over plain http: give the address of a collector beside \
         the service, and let that send them on"
    )]
    Https {
        /// The variable.
        variable: &'static str,
    },
    /// The standard has more than the service.
    #[error("{variable}={value} is not supported, only {supported} is")]
    Unsupported {
        /// The variable.
        variable: &'static str,
        /// What it is set to.
        value: String,
        /// What it may be set to.
        supported: &'static str,
    },
    /// A variable that OpenTelemetry's SDK reads is wrong.
    #[error("traces: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The system refuses what exporting needs.
    #[error("traces: no means to send them: {0}")]
    Runtime(#[source] io::Error),
}

/// Records spans. They are sent in batches by a thread of their own; when it can't keep up, spans are dropped and requests
/// do not wait.
#[derive(Debug)]
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    lost: Counter,
}

impl Traces {
    /// Starts what the variables ask for: nothing, unless the endpoint of a collector is set.
    ///
    /// # Errors
    ///
    /// When they ask for what can't be done; the error names the variable.
    pub(crate) fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, TraceError> {
        Settings::from_env(lookup)?.map(Self::start).transpose()
    }

    fn start(settings: Settings) -> Result<Self, TraceError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(settings.endpoint)
            .with_protocol(Protocol::HttpBinary)
            .build()?;
        let lost = Counter::default();
        let exporter = BlockingExporter::new(exporter, lost.clone()).map_err(TraceError::Runtime)?;
        let resource = Resource::builder()
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attributes(settings.service_name.map(|name| KeyValue::new("service.name", name)));
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_span_processor(BatchSpanProcessor::builder(exporter).build())
            .build();
        let scope = InstrumentationScope::builder("siftd").with_version(env!("CARGO_PKG_VERSION")).build();
        let tracer = provider.tracer_with_scope(scope);
        Ok(Self { provider, tracer, lost })
    }

    /// Records a request that was answered, unless sampling leaves it out. Returns the trace to which it belongs, recorded
    /// or not, until the shutdown.
    pub(crate) fn record(&self, request: &Entry, parent: Option<ParentSpan>) -> Option<u128> {
        let end = request.time;
        let start = end.checked_sub(request.duration).unwrap_or(end);
        let builder = SpanBuilder::from_name(attributes::span_name(request))
            .with_kind(SpanKind::Server)
            .with_start_time(start);
        let parent = parent.map_or_else(Context::new, ParentSpan::context);
        let mut span = self.tracer.build_with_context(builder, &parent);
        if span.is_recording() {
            span.set_attributes(attributes::attributes(request));
            if request.status.is_server_error() {
                span.set_status(Status::error(request.error_code.unwrap_or_default()));
            }
            self.record_stages(
                request,
                start,
                &Context::new().with_remote_span_context(span.span_context().clone()),
            );
        }
        let context = span.span_context().clone();
        span.end_with_timestamp(end);
        context.is_valid().then(|| u128::from_be_bytes(context.trace_id().to_bytes()))
    }

    /// Lays the stages out one after another from the start: their durations are known, the moments between them are not.
    fn record_stages(&self, request: &Entry, start: SystemTime, parent: &Context) {
        let mut begin = start;
        for (stage, duration) in request.stages.iter() {
            let end = begin.checked_add(duration).unwrap_or(request.time).min(request.time);
            let builder = SpanBuilder::from_name(stage.name()).with_start_time(begin);
            self.tracer.build_with_context(builder, parent).end_with_timestamp(end);
            begin = end;
        }
    }

    /// Counts the spans that the collector did not take.
    pub(crate) fn lost(&self) -> Counter {
        self.lost.clone()
    }

    /// Sends what waits, and ends: later requests are not recorded. Blocks its thread for so long at most; returns whether
    /// all was dealt with by then.
    pub(crate) fn shutdown(&self, timeout: Duration) -> bool {
        self.provider.shutdown_with_timeout(timeout).is_ok()
    }
}

#[cfg(test)]
mod tests;
