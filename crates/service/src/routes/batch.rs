mod lines;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engine::{Source, Turns, Wanted};
use extract::{OutputFormat, Params};
use http::header::CONTENT_TYPE;
use serde::Serialize;
use tokio::task::JoinSet;
use utoipa::ToSchema;

use crate::answer::{Asked, Summary, location};
use crate::app::App;
use crate::context::Context;
use crate::multipart::{Event, PartHead, Scanner};
use crate::negotiation::{LINES, allows_lines};
use crate::problem::{Document, ErrorCode, Problem};
use crate::query::Query;
use crate::upload::{self, BodyReader, Buffer, FIELD};

use lines::LineSender;

/// A form with images.
#[derive(Debug, ToSchema)]
#[allow(dead_code)]
pub(super) struct ImagesForm {
    /// The bytes of image files.
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    image: Vec<Vec<u8>>,
}

/// A line of the answer: what became of one image.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Line<'a> {
    /// Which image of the form it was, from 0; none for an error of the whole form, which ends the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    /// The name of its file, if the form tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<&'a str>,
    #[serde(flatten)]
    result: Outcome<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Outcome<'a> {
    Found {
        #[serde(flatten)]
        summary: Summary<'a>,
        /// Where the features can be had.
        location: String,
    },
    Failed(Document<'a>),
}

/// Features of many images
///
/// Takes a form with many fields `image`. Answers with one line of JSON for each, as soon as it is ready, in any order:
/// the summary and where the features can be had, or why there are none.
#[utoipa::path(
    post, path = "/api/v1/features/batch", tag = "features",
    request_body(content = ImagesForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "A line for each image; the last tells it if the form breaks off", body = Line, content_type = "application/x-ndjson"),
        (status = 400, description = "Malformed request, or no image in it", body = Document, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn batch(
    State(app): State<Arc<App>>,
    context: Context,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let bounds = &app.config.bounds;
    let most = app.engine.config().limits.max_bytes.saturating_mul(bounds.batch_images.get() as u64);
    let mut reader = BodyReader::new(&parts.headers, body, most, bounds.body_timeout)?;
    let Query { params, format } = Query::parse(parts.uri.query(), &app.config.params)?;
    let is_acceptable = match format {
        Some(format) => format == OutputFormat::Summary,
        None => allows_lines(&parts.headers),
    };
    if !is_acceptable {
        let detail = "a batch is answered with summaries, whose `location` has the features in every format";
        return Err(Problem::new(ErrorCode::NotAcceptable, detail));
    }
    let mut scanner = Scanner::new(&upload::boundary(&parts.headers)?);
    let first = next_image(&mut reader, &mut scanner).await?;
    let first = first.ok_or_else(|| Problem::bad_request("the form has no field `image`"))?;
    let (sender, lines) = lines::channel();
    let batch = Batch { app, context, params, lines: sender, turns: Arc::default() };
    tokio::spawn(batch.run(Form { reader, scanner }, first));
    Ok(([(CONTENT_TYPE, LINES)], Body::new(lines)).into_response())
}

/// What is left of a form.
struct Form {
    reader: BodyReader,
    scanner: Scanner,
}

/// The next event in a form but that more of it is needed.
async fn next(reader: &mut BodyReader, scanner: &mut Scanner) -> Result<Event, Problem> {
    loop {
        match scanner.next()? {
            Event::NeedMore => match reader.chunk().await? {
                Some(chunk) => scanner.push(chunk),
                None => scanner.finish(),
            },
            event => return Ok(event),
        }
    }
}

/// Reads up to the content of the next image, if there is one.
async fn next_image(reader: &mut BodyReader, scanner: &mut Scanner) -> Result<Option<PartHead>, Problem> {
    loop {
        match next(reader, scanner).await? {
            Event::Part(head) if head.name.as_deref() == Some(FIELD) => return Ok(Some(head)),
            Event::End => return Ok(None),
            _ => {}
        }
    }
}

/// A batch under way.
#[derive(Clone)]
struct Batch {
    app: Arc<App>,
    context: Context,
    params: Params,
    lines: LineSender,
    turns: Arc<Turns>,
}

/// One image of a batch, as it comes in.
struct Item {
    index: usize,
    head: PartHead,
    image: Result<Buffer, Problem>,
}

impl Batch {
    /// Reads the form and sees to every image, unless the client goes away.
    async fn run(self, mut form: Form, first: PartHead) {
        let answer = async {
            let mut running = JoinSet::new();
            let read = self.read(&mut form, first, &mut running).await;
            let told = told(&mut running, 0).await;
            running.shutdown().await;
            if let Err(problem) = told.and(read) {
                let document = problem.document(self.context.id.as_str());
                self.lines.end(line(None, None, Outcome::Failed(document)));
            }
        };
        tokio::select! {
            () = answer => {}
            () = self.lines.closed() => {}
        }
    }

    /// Reads the form from the content of its first image on.
    async fn read(&self, form: &mut Form, first: PartHead, running: &mut Running) -> Result<(), Problem> {
        let Form { reader, scanner } = form;
        let mut head = Some(first);
        let mut count = 0;
        while let Some(image) = head {
            let mut item = self.begin(count, image)?;
            count += 1;
            reader.put_off();
            while let Event::Data(data) = next(reader, scanner).await? {
                item.push(&data);
            }
            told(running, 2 * self.app.engine.config().threads.get() - 1).await?;
            let batch = self.clone();
            running.spawn(async move { batch.finish(item).await });
            reader.put_off();
            head = next_image(reader, scanner).await?;
        }
        Ok(())
    }

    /// The first image is charged to the caller's rate with the request, every other by itself.
    fn begin(&self, index: usize, head: PartHead) -> Result<Item, Problem> {
        let most = self.app.config.bounds.batch_images.get();
        if index >= most {
            return Err(Problem::bad_request(format!("a batch may have {most} images")));
        }
        let charged = if index == 0 { Ok(()) } else { self.app.charge(self.context.caller) };
        Ok(Item { index, head, image: charged.map(|()| Buffer::new(&self.app, 0)) })
    }

    /// Computes an image and tells of it.
    async fn finish(&self, item: Item) -> Result<(), Problem> {
        let Item { index, head, image } = item;
        let id = self.context.id.as_str();
        let found = self.features(image).await;
        let outcome = match &found {
            Ok((summary, location)) => {
                Outcome::Found { summary: summary.clone(), location: location.clone() }
            }
            Err(problem) => Outcome::Failed(problem.document(id)),
        };
        let share = self.app.bodies.share(self.app.metrics.body(0));
        self.lines.send(line(Some(index), head.file_name.as_deref(), outcome), share)
    }

    async fn features(&self, image: Result<Buffer, Problem>) -> Result<(Summary<'_>, String), Problem> {
        let started = std::time::Instant::now();
        let engine = &self.app.engine;
        let image = engine.image(image?.into_bytes()).await;
        let answer = engine.features_in_turn(&image, &self.params, Wanted::Summary, &self.turns).await;
        let answer = answer.map_err(|error| Problem::of(&error, &engine.config().limits))?;
        let cached = matches!(answer.source, Source::Hit { .. });
        let summary = Summary::new(&answer.header, cached, started.elapsed(), self.context.id.as_str());
        let asked = Asked { params: self.params, format: OutputFormat::Summary };
        Ok((summary, location(&image.sha256(), &asked, &self.app.config.params)))
    }
}

/// Images of a batch that are being computed.
type Running = JoinSet<Result<(), Problem>>;

/// Waits until so many at the most are left, or one could not be told of. What panicked does not keep the others from being told of.
async fn told(running: &mut Running, left: usize) -> Result<(), Problem> {
    let mut outcome = Ok(());
    while running.len() > left {
        match running.join_next().await {
            Some(Ok(told)) => told?,
            Some(Err(_)) => {
                outcome =
                    Err(Problem::new(ErrorCode::InternalError, "an image of the batch was not finished"));
            }
            None => break,
        }
    }
    outcome
}

fn line(index: Option<usize>, file_name: Option<&str>, result: Outcome<'_>) -> Bytes {
    let mut line = serde_json::to_vec(&Line { index, file_name, result }).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

impl Item {
    /// Takes more of the image, or keeps why it cannot.
    fn push(&mut self, data: &[u8]) {
        if let Ok(buffer) = &mut self.image
            && let Err(problem) = buffer.push(data)
        {
            self.image = Err(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_image_that_is_told_of_by_nobody_ends_the_batch() {
        let mut running = Running::new();
        running.spawn(async { Ok(()) });
        told(&mut running, 0).await.unwrap();
        let others = Arc::new(());
        running.spawn(async { std::panic::resume_unwind(Box::new("as a test does")) });
        for _ in 0..3 {
            let other = Arc::clone(&others);
            running.spawn(async move {
                tokio::task::yield_now().await;
                drop(other);
                Ok(())
            });
        }
        assert_eq!(told(&mut running, 0).await.unwrap_err().code, ErrorCode::InternalError);
        assert_eq!((running.len(), Arc::strong_count(&others)), (0, 1), "the others are waited for");
        told(&mut running, 0).await.unwrap();
    }
}
