use std::num::NonZeroUsize;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

use crate::body::Pieces;
use crate::config::Via;
use crate::corpus::{Corpus, Picture};
use crate::error::LoadError;
use crate::mix::Subject;
use crate::target::Target;
use crate::variant::{Mark, Template};

/// All that requests are put together from: whatever does not change is made once.
#[derive(Debug)]
pub(crate) struct Requests {
    /// Of this run's variants.
    run: u64,
    upload: Uri,
    upload_headers: HeaderMap,
    get_headers: HeaderMap,
    bodies: Vec<Prepared>,
}

#[derive(Debug)]
struct Prepared {
    name: String,
    known: Bytes,
    /// What stands before and after a variant's pieces in the body.
    frame: [Bytes; 2],
    template: Template,
    /// For GET.
    location: Option<Uri>,
}

impl Requests {
    pub(crate) fn new(
        target: &Target,
        corpus: &Corpus,
        via: Via,
        format: Option<&str>,
        run: u64,
    ) -> Result<Self, LoadError> {
        // So long and so random that no picture has it.
        let boundary = format!("siftd-load-{run:016x}-{:016x}", run.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let content_type = match via {
            Via::Multipart => format!("multipart/form-data; boundary={boundary}"),
            Via::Raw | Via::Get => "application/octet-stream".to_owned(),
        };
        let mut upload_headers = target.headers.clone();
        if let Ok(value) = HeaderValue::try_from(content_type) {
            upload_headers.insert(CONTENT_TYPE, value);
        }
        let boundary = (via == Via::Multipart).then_some(boundary.as_str());
        let bodies = corpus.pictures.iter().map(|picture| Prepared::new(picture, boundary)).collect();
        let upload = target.upload(format)?;
        Ok(Self { run, upload, upload_headers, get_headers: target.headers.clone(), bodies })
    }

    /// How many pictures there are.
    pub(crate) fn pictures(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.bodies.len()).unwrap_or(NonZeroUsize::MIN)
    }

    pub(crate) fn name(&self, picture: usize) -> &str {
        self.bodies.get(picture).map_or("", |prepared| prepared.name.as_str())
    }

    /// From now on this picture is asked for where it is.
    pub(crate) fn locate(&mut self, picture: usize, location: Uri) {
        if let Some(prepared) = self.bodies.get_mut(picture) {
            prepared.location = Some(location);
        }
    }

    /// A request about a subject; copies no picture.
    pub(crate) fn about(&self, subject: Subject) -> Request<Pieces> {
        let (Subject::Known(picture) | Subject::Variant(picture, _)) = subject;
        let Some(prepared) = self.bodies.get(picture) else { return Request::default() };
        match (subject, &prepared.location) {
            (Subject::Known(_), Some(location)) => {
                self.request(Method::GET, location, &self.get_headers, Pieces::default())
            }
            (Subject::Known(_), None) => self.post(prepared.known.clone().into()),
            (Subject::Variant(_, number), _) => self.post(prepared.variant(&Mark::new(self.run, number))),
        }
    }

    fn post(&self, body: Pieces) -> Request<Pieces> {
        self.request(Method::POST, &self.upload, &self.upload_headers, body)
    }

    fn request(&self, method: Method, uri: &Uri, headers: &HeaderMap, body: Pieces) -> Request<Pieces> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers.clone();
        request
    }
}

impl Prepared {
    fn new(picture: &Picture, boundary: Option<&str>) -> Self {
        let frame = boundary.map_or_else(Default::default, |boundary| {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"image\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            [Bytes::from(head), Bytes::from(format!("\r\n--{boundary}--\r\n"))]
        });
        let [before, after] = &frame;
        let known = concat(&[before, &picture.bytes, after]);
        let [head, _, tail] = picture.template.variant(&Mark::new(0, 0));
        let frame = [concat(&[before, &head]), concat(&[&tail, after])];
        Self { name: picture.name.clone(), known, frame, template: picture.template.clone(), location: None }
    }

    fn variant(&self, mark: &Mark) -> Pieces {
        let [head, tail] = &self.frame;
        Pieces::new([head.clone(), self.template.comment(mark), tail.clone()])
    }
}

fn concat(parts: &[&Bytes]) -> Bytes {
    let mut whole = BytesMut::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        whole.put_slice(part);
    }
    whole.freeze()
}
