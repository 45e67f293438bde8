use std::io;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prometheus_client::metrics::counter::Counter;
use tokio::runtime::{Builder, Runtime};

/// An exporter that needs Tokio, driven to its end on the thread that calls it, which is the batch processor's own: the
/// service's threads have no part in it.
#[derive(Debug)]
pub(super) struct BlockingExporter<E> {
    exporter: E,
    /// Until it is dropped.
    runtime: Option<Runtime>,
    lost: Counter,
}

impl<E> BlockingExporter<E> {
    /// `lost` counts the spans of batches that did not arrive.
    pub(super) fn new(exporter: E, lost: Counter) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { exporter, runtime: Some(runtime), lost })
    }
}

impl<E: SpanExporter> SpanExporter for BlockingExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let result = match &self.runtime {
            Some(runtime) => runtime.block_on(self.exporter.export(batch)),
            None => Err(OTelSdkError::AlreadyShutdown),
        };
        if result.is_err() {
            self.lost.inc_by(spans);
        }
        result
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E> Drop for BlockingExporter<E> {
    fn drop(&mut self) {
        // A look-up of the collector's address may still be under way: nobody waits for it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
