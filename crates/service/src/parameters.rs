//! Parameters of header values: `; name=value`, as `Content-Type`, `Content-Disposition` and `Accept` have them.

use std::borrow::Cow;

/// What stands before the first `;`, and the parameters behind it.
pub(crate) fn split(value: &str) -> (&str, Parameters<'_>) {
    let (first, rest) = value.split_once(';').unwrap_or((value, ""));
    (first.trim_matches(BLANK), Parameters { rest })
}

/// Names and values in turn. Values lose their quotes, and `\"` and `\\` in quotes lose their backslash; other backslashes
/// stay, since some clients send paths of Windows as they are. The first malformed parameter is the last item.
#[derive(Debug, Clone)]
pub(crate) struct Parameters<'a> {
    rest: &'a str,
}

/// A parameter without name or `=`, or with a quote that stays open or has something behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

const BLANK: [char; 2] = [' ', '\t'];

impl<'a> Iterator for Parameters<'a> {
    type Item = Result<(&'a str, Cow<'a, str>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_start_matches([' ', '\t', ';']);
        if text.is_empty() {
            return None;
        }
        let parsed = parameter(text);
        self.rest = parsed.as_ref().map_or("", |(_, _, rest)| rest);
        Some(parsed.map(|(name, value, _)| (name, value)).ok_or(Malformed))
    }
}

/// Name, value and what follows.
fn parameter(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, text) = text.split_once('=')?;
    let name = name.trim_matches(BLANK);
    if name.is_empty() || name.contains(['"', ';']) {
        return None;
    }
    let text = text.trim_start_matches(BLANK);
    if let Some(text) = text.strip_prefix('"') {
        let (value, rest) = quoted(text)?;
        let rest = rest.trim_start_matches(BLANK);
        return (rest.is_empty() || rest.starts_with(';')).then_some((name, value, rest));
    }
    let (value, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
    Some((name, Cow::Borrowed(value.trim_end_matches(BLANK)), rest))
}

/// The text up to the closing quote, and what follows that.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut escaped = false;
    let (end, _) = text.char_indices().find(|&(_, char)| {
        let closes = char == '"' && !escaped;
        escaped = char == '\\' && !escaped;
        closes
    })?;
    let (value, rest) = text.split_at(end);
    Some((unescape(value), rest.get(1..)?))
}

fn unescape(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(char) = chars.next() {
        let escaped = if char == '\\' { chars.next_if(|next| matches!(next, '"' | '\\')) } else { None };
        plain.push(escaped.unwrap_or(char));
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Pairs<'a> = Vec<(&'a str, Cow<'a, str>)>;

    fn all(value: &str) -> (&str, Result<Pairs<'_>, Malformed>) {
        let (first, parameters) = split(value);
        (first, parameters.collect())
    }

    #[test]
    fn tokens_and_quoted_strings_are_read() {
        let (first, parameters) = all(" form-data ; name = image;; x=\"a; \\\"b\\\" c:\\dir\\\\\" ; y=1 ; ");
        assert_eq!(first, "form-data");
        let expected = [("name", "image"), ("x", "a; \"b\" c:\\dir\\"), ("y", "1")];
        assert_eq!(parameters, Ok(expected.map(|(name, value)| (name, Cow::Borrowed(value))).to_vec()));
    }

    #[test]
    fn what_is_no_parameter_is_told() {
        for value in ["a; b", "a; =b", "a; b=\"c", "a; b=\"c\"d", "a; b=\"c\\\"", "a; \"b\"=c", "a; b; c=d"] {
            assert_eq!(all(value).1, Err(Malformed), "{value}");
        }
        assert_eq!(all("a").1, Ok(vec![]));
        assert_eq!(all("").0, "");
    }

    proptest! {
        #[test]
        fn any_text_ends(value in "\\PC*") {
            let (_, parameters) = split(&value);
            prop_assert!(parameters.count() <= value.len());
        }

        #[test]
        fn any_value_is_read_back_from_quotes(text in "\\PC*") {
            let value = format!("a; b=\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let (_, parameters) = all(&value);
            prop_assert_eq!(parameters, Ok(vec![("b", Cow::Borrowed(text.as_str()))]));
        }
    }
}
