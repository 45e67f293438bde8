use std::collections::VecDeque;
use std::ops::Range;

use bytes::{Buf, Bytes};
use memchr::memmem::Finder;

use super::{Boundary, HEAD_LIMIT, MultipartError, PartHead};

/// What comes next in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Nothing before more of the body is pushed.
    NeedMore,
    /// A part begins.
    Part(PartHead),
    /// Some of the part's content, never empty.
    Data(Bytes),
    /// The part has ended.
    PartEnd,
    /// The closing boundary was there; whatever follows is dropped.
    End,
}

/// Takes the chunks of a body and gives the events in it.
///
/// Content is handed on as slices of the chunks. Where a chunk ends in what may be the begin of a delimiter, that much is
/// held back, which is never copied either: what is held back is known to equal the delimiter.
#[derive(Debug)]
pub(crate) struct Scanner {
    delimiter: Bytes,
    finder: Finder<'static>,
    chunks: VecDeque<Bytes>,
    state: State,
    ended: bool,
}

#[derive(Debug)]
enum State {
    /// Before the first delimiter, or in a part.
    Content {
        in_part: bool,
        /// Which bytes of the delimiter the content so far ends in, and which thus are held back. It begins behind the
        /// CRLF where the line end is no content: at the begin of the body and of a part.
        held: Range<usize>,
    },
    /// On the line of a delimiter.
    Line(Line),
    /// In the headers of a part: their bytes, and how many of [`EMPTY_LINE`] they end in.
    Head { head: Vec<u8>, matched: usize },
    /// Behind the closing delimiter.
    Epilogue,
    /// For good.
    Failed(MultipartError),
}

/// What a delimiter was followed by so far.
#[derive(Debug, Clone, Copy)]
enum Line {
    Nothing,
    Dash,
    Blank,
    CarriageReturn,
}

const LINE_END: usize = "\r\n".len();

/// The end of a line and an empty one.
const EMPTY_LINE: &[u8] = b"\r\n\r\n";

impl State {
    /// Where a delimiter needs no line end before it.
    const fn content(in_part: bool) -> Self {
        Self::Content { in_part, held: LINE_END..LINE_END }
    }
}

impl Scanner {
    /// At the begin of a body.
    pub(crate) fn new(boundary: &Boundary) -> Self {
        let delimiter = boundary.delimiter().clone();
        let finder = Finder::new(&delimiter).into_owned();
        Self { delimiter, finder, chunks: VecDeque::new(), state: State::content(false), ended: false }
    }

    /// Takes what follows of the body.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() && !matches!(self.state, State::Epilogue | State::Failed(_)) {
            self.chunks.push_back(chunk);
        }
    }

    /// The body has ended: where more of it is needed it is [`MultipartError::Truncated`] from now on.
    pub(crate) fn finish(&mut self) {
        self.ended = true;
    }

    /// The next event, or why there is none, from then on for good.
    pub(crate) fn next(&mut self) -> Result<Event, MultipartError> {
        while let Some(mut chunk) = self.chunks.pop_front() {
            let event = self.step(&mut chunk).inspect_err(|&error| self.state = State::Failed(error))?;
            if !chunk.is_empty() {
                self.chunks.push_front(chunk);
            }
            if let Some(event) = event {
                return Ok(event);
            }
        }
        match self.state {
            State::Epilogue => Ok(Event::End),
            State::Failed(error) => Err(error),
            _ if self.ended => Err(MultipartError::Truncated),
            _ => Ok(Event::NeedMore),
        }
    }

    /// Takes at least a byte from the chunk, or leaves the state further on.
    fn step(&mut self, chunk: &mut Bytes) -> Result<Option<Event>, MultipartError> {
        match &mut self.state {
            State::Content { in_part, held } => {
                let in_part = *in_part;
                let content = if held.end > 0 {
                    resume(&self.delimiter, held, chunk)
                } else {
                    find(&self.delimiter, &self.finder, held, chunk)
                };
                if held.end == self.delimiter.len() {
                    self.state = State::Line(Line::Nothing);
                    return Ok(in_part.then_some(Event::PartEnd));
                }
                Ok(Some(content).filter(|content| in_part && !content.is_empty()).map(Event::Data))
            }
            State::Line(line) => {
                let byte = chunk.get_u8();
                self.state = match (*line, byte) {
                    (Line::Nothing, b'-') => State::Line(Line::Dash),
                    (Line::Nothing | Line::Blank, b' ' | b'\t') => State::Line(Line::Blank),
                    (Line::Nothing | Line::Blank, b'\r') => State::Line(Line::CarriageReturn),
                    (Line::CarriageReturn, b'\n') => State::Head { head: Vec::new(), matched: LINE_END },
                    (Line::Dash, b'-') => State::Epilogue,
                    _ => return Err(MultipartError::Delimiter),
                };
                Ok(None)
            }
            State::Head { head, matched } => {
                if !take_head(head, matched, chunk)? {
                    return Ok(None);
                }
                let head = PartHead::parse(head)?;
                self.state = State::content(true);
                Ok(Some(Event::Part(head)))
            }
            State::Epilogue => {
                chunk.clear();
                Ok(None)
            }
            State::Failed(error) => Err(*error),
        }
    }
}

/// Goes on with a delimiter that began before the chunk: takes what belongs to it, or gives the content that was held back.
fn resume(delimiter: &Bytes, held: &mut Range<usize>, chunk: &mut Bytes) -> Bytes {
    let missing = delimiter.iter().skip(held.end);
    let same = missing.clone().zip(chunk.iter()).take_while(|(expected, byte)| expected == byte).count();
    if same == missing.len() || same == chunk.len() {
        held.end += same;
        chunk.advance(same);
        return Bytes::new();
    }
    // The delimiter's first byte occurs in it once: no other delimiter begins in what was held back.
    delimiter.slice(std::mem::replace(held, 0..0))
}

/// Takes content up to the next delimiter, and that too where it comes at once. Of a delimiter cut short by the chunk's
/// end, what is there counts as held.
fn find(delimiter: &Bytes, finder: &Finder<'_>, held: &mut Range<usize>, chunk: &mut Bytes) -> Bytes {
    match finder.find(chunk) {
        Some(0) => {
            *held = 0..delimiter.len();
            chunk.advance(delimiter.len());
            Bytes::new()
        }
        Some(at) => chunk.split_to(at),
        None => {
            let cut = cut_short(delimiter, chunk);
            *held = 0..cut;
            let content = chunk.split_to(chunk.len() - cut);
            chunk.clear();
            content
        }
    }
}

/// How many bytes at the end of a chunk without a delimiter may begin one.
fn cut_short(delimiter: &[u8], chunk: &[u8]) -> usize {
    let tail = chunk.get((chunk.len() + 1).saturating_sub(delimiter.len())..).unwrap_or_default();
    let begin = memchr::memrchr(b'\r', tail).and_then(|at| tail.get(at..));
    begin.filter(|begin| delimiter.starts_with(begin)).map_or(0, <[u8]>::len)
}

/// Takes header bytes from the chunk, and tells whether the headers are whole.
fn take_head(head: &mut Vec<u8>, matched: &mut usize, chunk: &mut Bytes) -> Result<bool, MultipartError> {
    let end = chunk.iter().position(|&byte| {
        *matched = match (byte, EMPTY_LINE.get(*matched)) {
            (byte, Some(&expected)) if byte == expected => *matched + 1,
            (b'\r', _) => 1,
            _ => 0,
        };
        *matched == EMPTY_LINE.len()
    });
    let length = end.map_or(chunk.len(), |last| last + 1);
    if head.len() + length > HEAD_LIMIT {
        return Err(MultipartError::HeadTooLarge);
    }
    head.extend_from_slice(&chunk.split_to(length));
    Ok(end.is_some())
}
