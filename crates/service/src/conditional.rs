//! Entity tags, and requests that depend on them: `If-None-Match` (RFC 9110, 13.1.2).

use extract::OutputFormat;
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue};

use crate::hex;

/// Strong entity tag of a feature answer: 32 hexadecimal digits, in quotes. The same for the same bytes of the answer,
/// whichever replica gives them and whenever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityTag {
    digits: [u8; 32],
}

impl EntityTag {
    /// Of the features of an image (SHA-256) under parameters (fingerprint), computed by an engine version and written in a
    /// format.
    pub(crate) fn new(
        engine_version: u32,
        fingerprint: &[u8; 16],
        digest: &[u8; 32],
        format: OutputFormat,
    ) -> Self {
        let version = engine_version.to_le_bytes();
        let identity = [&version[..], fingerprint, digest, format.name().as_bytes()].concat();
        let identity = sha256::digest(&identity);
        Self { digits: hex::digits(u128::from_be_bytes(std::array::from_fn(|at| identity[at]))) }
    }

    /// As it stands in `ETag`.
    pub(crate) fn header_value(&self) -> HeaderValue {
        hex::header_value(&[b"\"", &self.digits[..], b"\""].concat())
    }

    /// Whether the client has the answer already, so that 304 is one: `If-None-Match` is `*` or lists the tag. Behind a
    /// malformed tag nothing counts.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        headers.get_all(IF_NONE_MATCH).iter().any(|value| {
            let value = value.as_bytes().trim_ascii();
            value == b"*" || Tags { rest: value }.any(|tag| tag == self.digits)
        })
    }
}

/// The tags of a list without their quotes; whether they are weak makes no difference here.
struct Tags<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tags<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let blanks = self.rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b',')).count();
        let text = self.rest.get(blanks..)?;
        let text = text.strip_prefix(b"W/").unwrap_or(text).strip_prefix(b"\"")?;
        let (tag, rest) = text.split_at_checked(memchr::memchr(b'"', text)?)?;
        self.rest = rest.get(1..)?;
        Some(tag)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use extract::ENGINE_VERSION;
    use proptest::prelude::*;

    use super::*;

    fn tag() -> EntityTag {
        EntityTag::new(ENGINE_VERSION, &[1; 16], &[2; 32], OutputFormat::Npz)
    }

    fn text(tag: EntityTag) -> String {
        tag.header_value().to_str().unwrap().to_owned()
    }

    fn is_known(values: &[&[u8]]) -> bool {
        let values = values.iter().map(|value| (IF_NONE_MATCH, HeaderValue::from_bytes(value).unwrap()));
        tag().is_known(&values.collect())
    }

    #[test]
    fn a_tag_changes_with_all_that_changes_the_answer() {
        let mut tags = BTreeSet::from([
            text(EntityTag::new(2, &[1; 16], &[2; 32], OutputFormat::Npz)),
            text(EntityTag::new(1, &[2; 16], &[2; 32], OutputFormat::Npz)),
            text(EntityTag::new(1, &[1; 16], &[1; 32], OutputFormat::Npz)),
        ]);
        tags.extend(OutputFormat::ALL.map(|format| text(EntityTag::new(1, &[1; 16], &[2; 32], format))));
        assert_eq!(tags.len(), 3 + OutputFormat::ALL.len());
        assert!(tags.iter().all(|tag| tag.len() == 34));
    }

    /// Clients and CDNs keep tags across releases.
    #[test]
    fn a_tag_is_stable() {
        let tag = EntityTag::new(1, &[1; 16], &[2; 32], OutputFormat::Npz);
        assert_eq!(text(tag), "\"297d7bca223701a6964f2257cee1c473\"");
    }

    #[test]
    fn a_listed_tag_is_known() {
        let own = text(tag());
        for value in
            [own.clone(), format!("W/{own}"), format!("\"a,b\", W/\"\" ,,\t{own}, \"c\""), " * ".to_owned()]
        {
            assert!(is_known(&[value.as_bytes()]), "{value}");
        }
        assert!(is_known(&[b"\"a\"", own.as_bytes()]));
        assert!(is_known(&[b"\"\xff\", "
            .iter()
            .chain(own.as_bytes())
            .copied()
            .collect::<Vec<_>>()
            .as_slice()]));
    }

    #[test]
    fn what_is_no_list_with_the_tag_is_not_known() {
        let own = text(tag());
        let bare = own.trim_matches('"');
        for value in [
            String::new(),
            bare.to_owned(),
            format!("\"{bare}"),
            format!("w/{own}"),
            format!("\"a{own}"),
            format!("x, {own}"),
            "\"*\", *".to_owned(),
            own.to_uppercase(),
        ] {
            assert!(!is_known(&[value.as_bytes()]), "{value}");
        }
        assert!(!is_known(&[]));
    }

    proptest! {
        #[test]
        fn any_list_ends(value in "[\"W/*, a]{0,40}") {
            prop_assert!(is_known(&[value.as_bytes()]) == (value.trim() == "*"));
        }
    }
}
