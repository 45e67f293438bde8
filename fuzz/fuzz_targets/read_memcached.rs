//! Any bytes as what a memcached sends: the same replies, and the same end, in any chunks. The first byte is the size of the
//! chunks.
#![no_main]

use std::num::NonZeroUsize;

use cache::fuzzing::read_memcached;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((&chunk, sent)) = bytes.split_first() else { return Corpus::Reject };
    let chunk = NonZeroUsize::MIN.saturating_add(chunk.into());
    let at_once = read_memcached(sent, NonZeroUsize::MAX);
    assert_eq!(read_memcached(sent, chunk), at_once);
    assert_eq!(read_memcached(sent, NonZeroUsize::MIN), at_once);
    Corpus::Keep
});
