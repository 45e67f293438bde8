//! Any bytes as a multipart body, whose boundary is `limit`: the same parts, and the same error, in any chunks. The first
//! byte is the size of the chunks.
#![no_main]

use std::num::NonZeroUsize;

use libfuzzer_sys::{Corpus, fuzz_target};
use service::fuzzing::scan_multipart;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((&chunk, body)) = bytes.split_first() else { return Corpus::Reject };
    let chunk = NonZeroUsize::MIN.saturating_add(chunk.into());
    let at_once = scan_multipart(body, NonZeroUsize::MAX);
    assert_eq!(scan_multipart(body, chunk), at_once);
    assert_eq!(scan_multipart(body, NonZeroUsize::MIN), at_once);
    Corpus::Keep
});
