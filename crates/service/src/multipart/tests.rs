use bytes::Bytes;
use proptest::prelude::*;

use super::{Boundary, Event, HEAD_LIMIT, MultipartError, PartHead, Scanner};

const DELIMITER: &[u8] = b"\r\n--limit";

/// The events with all content of a part in one, and how they end.
type Scanned = (Vec<Event>, Result<(), MultipartError>);

fn boundary() -> Boundary {
    Boundary::from_content_type("multipart/form-data; boundary=limit").unwrap()
}

/// Scans a body in chunks of the sizes, which are repeated as often as needed.
fn scan(body: &[u8], sizes: &[usize]) -> Scanned {
    let mut scanner = Scanner::new(&boundary());
    let mut events: Vec<Event> = Vec::new();
    let mut rest = Bytes::copy_from_slice(body);
    let mut sizes = sizes.iter().copied().cycle();
    loop {
        match scanner.next() {
            Ok(Event::NeedMore) if rest.is_empty() => scanner.finish(),
            Ok(Event::NeedMore) => {
                let size = sizes.next().unwrap_or(usize::MAX).clamp(1, rest.len());
                scanner.push(rest.split_to(size));
            }
            Ok(Event::Data(data)) => {
                assert!(!data.is_empty());
                if let Some(Event::Data(before)) = events.last_mut() {
                    *before = [&before[..], &data].concat().into();
                } else {
                    events.push(Event::Data(data));
                }
            }
            Ok(Event::End) => {
                events.push(Event::End);
                return (events, Ok(()));
            }
            Ok(event) => events.push(event),
            Err(error) => {
                assert_eq!(scanner.next(), Err(error), "an error is for good");
                return (events, Err(error));
            }
        }
    }
}

fn position(bytes: &[u8], searched: &[u8]) -> Option<usize> {
    bytes.windows(searched.len()).position(|window| window == searched)
}

/// The same of a whole body, slowly and simply: a line end is put before the body, the headers and the content.
fn reference(body: &[u8]) -> Scanned {
    let mut events = Vec::new();
    let outcome = read_parts(&[b"\r\n", body].concat(), &mut events);
    (events, outcome)
}

fn read_parts(body: &[u8], events: &mut Vec<Event>) -> Result<(), MultipartError> {
    let mut rest = &body[position(body, DELIMITER).ok_or(MultipartError::Truncated)? + DELIMITER.len()..];
    loop {
        if rest.starts_with(b"--") {
            events.push(Event::End);
            return Ok(());
        }
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if !rest[blanks..].starts_with(b"\r\n") {
            let whole = rest != b"-" && !b"\r\n".starts_with(&rest[blanks..]);
            return Err(if whole { MultipartError::Delimiter } else { MultipartError::Truncated });
        }
        // The line end before the headers is that of the delimiter's line.
        let lines = &rest[blanks..];
        let end = position(lines, b"\r\n\r\n");
        if end.map_or(lines.len() - 2, |end| end + 2) > HEAD_LIMIT {
            return Err(MultipartError::HeadTooLarge);
        }
        let end = end.ok_or(MultipartError::Truncated)?;
        events.push(Event::Part(PartHead::parse(&lines[2..end + 4])?));
        // The line end before the content is that of the empty line.
        let content = &lines[end + 2..];
        let found = position(content, DELIMITER);
        let held = (1..DELIMITER.len()).rev().find(|&held| content.ends_with(&DELIMITER[..held]));
        let data = content.get(2..found.unwrap_or(content.len() - held.unwrap_or(0))).unwrap_or_default();
        if !data.is_empty() {
            events.push(Event::Data(Bytes::copy_from_slice(data)));
        }
        rest = &content[found.ok_or(MultipartError::Truncated)? + DELIMITER.len()..];
        events.push(Event::PartEnd);
    }
}

fn part(name: &str) -> Event {
    Event::Part(PartHead { name: Some(name.to_owned()), ..PartHead::default() })
}

#[test]
fn a_body_as_clients_send_it() {
    let body = b"preamble\r\n--limit \t\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\
        Content-Type: image/png\r\n\r\n\x89PNG\r\n--limi\r\n--limit\r\n\r\n\r\n--limit--\r\nepilogue\r\n--limit?";
    let head = PartHead {
        name: Some("image".to_owned()),
        file_name: Some("a.png".to_owned()),
        content_type: Some("image/png".to_owned()),
    };
    let content = Event::Data(Bytes::from_static(b"\x89PNG\r\n--limi"));
    let expected = vec![
        Event::Part(head),
        content,
        Event::PartEnd,
        Event::Part(PartHead::default()),
        Event::PartEnd,
        Event::End,
    ];
    assert_eq!(scan(body, &[]), (expected, Ok(())));
}

#[test]
fn a_body_that_ends_early_is_told() {
    let body = b"--limit\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--limit--";
    for end in 0..body.len() {
        assert_eq!(scan(&body[..end], &[]).1, Err(MultipartError::Truncated), "{end} bytes");
    }
    assert_eq!(scan(body, &[]).1, Ok(()));
}

#[test]
fn what_is_no_delimiter_line_is_told() {
    for body in ["--limitx\r\n", "--limit-x", "--limit \r\r", "--limit --", "x\r\n--limit\n"] {
        assert_eq!(scan(body.as_bytes(), &[]).1, Err(MultipartError::Delimiter), "{body:?}");
    }
}

#[test]
fn headers_are_bounded() {
    let body = |length: usize| format!("--limit\r\nX: {}\r\n\r\n", "x".repeat(length - "X: \r\n\r\n".len()));
    for sizes in [&[1][..], &[7], &[]] {
        assert_eq!(scan(body(HEAD_LIMIT).as_bytes(), sizes).1, Err(MultipartError::Truncated));
        assert_eq!(scan(body(HEAD_LIMIT + 1).as_bytes(), sizes).1, Err(MultipartError::HeadTooLarge));
    }
}

#[test]
fn content_is_not_copied() {
    let body = Bytes::from_static(b"--limit\r\n\r\nsome content\r\n--limit--");
    let mut scanner = Scanner::new(&boundary());
    scanner.push(body.clone());
    assert_eq!(scanner.next(), Ok(Event::Part(PartHead::default())));
    let Ok(Event::Data(data)) = scanner.next() else { panic!("there is content") };
    assert_eq!(data, "some content");
    assert!(body.as_ptr_range().contains(&data.as_ptr()));
}

#[test]
fn no_more_is_held_back_than_may_be_a_delimiter() {
    let mut scanner = Scanner::new(&boundary());
    scanner.push(Bytes::from_static(b"--limit\r\n\r\n"));
    assert_eq!(scanner.next(), Ok(Event::Part(PartHead::default())));
    scanner.push(Bytes::from_static(b"\r\r\n--limi"));
    assert_eq!(scanner.next(), Ok(Event::Data(Bytes::from_static(b"\r"))));
    assert_eq!(scanner.next(), Ok(Event::NeedMore));
    scanner.push(Bytes::from_static(b"\r"));
    assert_eq!(scanner.next(), Ok(Event::Data(Bytes::from_static(b"\r\n--limi"))));
    assert_eq!(scanner.next(), Ok(Event::NeedMore));
}

/// How much content a body has, pushed in chunks of the size.
fn content_length(body: &[u8], size: usize) -> usize {
    let mut scanner = Scanner::new(&boundary());
    let mut length = 0;
    for chunk in body.chunks(size) {
        scanner.push(Bytes::copy_from_slice(chunk));
        loop {
            match scanner.next().unwrap() {
                Event::Data(data) => length += data.len(),
                Event::Part(_) | Event::PartEnd => {}
                Event::NeedMore | Event::End => break,
            }
        }
    }
    length
}

#[test]
fn hostile_content_takes_linear_time() {
    for piece in ["\r", "\r\n--limi", "\r\n--limi\r\n--limi\r", "--limit", "-"] {
        let content = piece.repeat((1 << 21) / piece.len());
        let body = format!("--limit\r\n\r\nx{content}\r\n--limit--");
        // Quadratic work would take hours.
        for size in [1, body.len()] {
            assert_eq!(content_length(body.as_bytes(), size), content.len() + 1);
        }
    }
}

/// Bytes in which delimiters and what nearly are some are frequent.
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        &b"\r"[..],
        b"\n",
        b"-",
        b"--",
        b" ",
        b"limit",
        b"\r\n",
        b"\r\n\r\n",
        b"\r\n--",
        b"\r\n--limi",
        b"--limit",
        b"\r\n--limit",
        b"\r\n--limit\r\n",
        b"\r\n--limit\r\nX: y\r\n\r\n",
        b"\r\n--limit--",
        b"X: y\r\n",
    ];
    let piece = prop_oneof![
        4 => proptest::sample::select(pieces.to_vec()).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// The same up to the first delimiter.
fn tricky_content() -> impl Strategy<Value = Vec<u8>> {
    tricky().prop_map(|mut content| {
        let delimiter = position(&[b"\r\n", &content[..]].concat(), DELIMITER);
        content.truncate(delimiter.map_or(usize::MAX, |at| at.saturating_sub(2)));
        content
    })
}

fn chunk_sizes() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1_usize..24, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn parts_come_out_as_they_went_in(
        parts in proptest::collection::vec(("[a-z\" \\\\]{0,8}", tricky_content()), 0..4), sizes in chunk_sizes(),
    ) {
        let mut body = Vec::new();
        let mut expected = Vec::new();
        for (name, content) in &parts {
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            let head = format!("\r\n--limit\r\nContent-Disposition: form-data; name=\"{quoted}\"\r\n\r\n");
            body.extend([head.as_bytes(), content].concat());
            expected.push(part(name));
            expected.extend((!content.is_empty()).then(|| Event::Data(content.clone().into())));
            expected.push(Event::PartEnd);
        }
        body.extend(b"\r\n--limit--");
        expected.push(Event::End);
        prop_assert_eq!(scan(&body, &sizes), (expected, Ok(())));
    }

    #[test]
    fn any_body_is_read_as_by_the_reference_in_any_chunks(body in tricky(), sizes in chunk_sizes()) {
        let expected = reference(&body);
        prop_assert_eq!(&scan(&body, &sizes), &expected);
        prop_assert_eq!(&scan(&body, &[]), &expected);
    }
}
