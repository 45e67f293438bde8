//! The query of a request: parameters and format.

use std::borrow::Cow;

use extract::{OutputFormat, ParamError, Params, ParamsBuilder};

use crate::problem::Problem;

/// What a query says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Query {
    pub(crate) params: Params,
    pub(crate) format: Option<OutputFormat>,
}

impl Query {
    /// Reads a query; what it does not name is as in `defaults`.
    pub(crate) fn parse(query: Option<&str>, defaults: &ParamsBuilder) -> Result<Self, Problem> {
        let mut builder = *defaults;
        let mut format = None;
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if seen.contains(&name) {
                return Err(Problem::bad_request(format!("the parameter {name} is given more than once")));
            }
            if name == "format" {
                format = Some(value.parse().map_err(|error| parameter_problem(&error, "format"))?);
            } else {
                builder.set(&name, &value).map_err(|error| match error {
                    ParamError::Unknown { .. } => parameter_problem(&format!("{error}, and format"), &name),
                    error => parameter_problem(&error, &name),
                })?;
            }
            seen.push(name);
        }
        let params = builder.build().map_err(|error| Problem::bad_request(error.to_string()))?;
        Ok(Self { params, format })
    }
}

fn parameter_problem(error: &impl ToString, name: &str) -> Problem {
    Problem::bad_request(error.to_string()).with("parameter", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Query, String> {
        Query::parse(Some(query), &ParamsBuilder::default()).map_err(|problem| problem.detail)
    }

    #[test]
    fn a_query_names_what_differs_from_the_defaults() {
        let query = parse("octave_layers=4&format=npz&sigma=1%2E5").unwrap();
        assert_eq!(query.format, Some(OutputFormat::Npz));
        assert_eq!(query.params.query(&ParamsBuilder::default()), "octave_layers=4&sigma=1.5");
        assert_eq!(Query::parse(None, &query.params.into()).unwrap().params, query.params);
        assert_eq!(parse("").unwrap().params, Params::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, named) in [
            ("sigmas=1", "sigmas"),
            ("sigma=0", "must be from 0.1 to 32"),
            ("sigma=1&sigma=1", "sigma is given more than once"),
            ("format=xml", "must be summary, json, npz, colmap or siftd"),
            ("=", "no parameter is called \"\";"),
            ("foo=1", "descriptor, and format"),
        ] {
            let detail = parse(query).unwrap_err();
            assert!(detail.contains(named), "{query}: {detail}");
        }
    }

    #[test]
    fn what_differs_from_the_defaults_asks_for_the_same_again() {
        let mut defaults = ParamsBuilder::default();
        for (name, value) in [("denoise", "none"), ("h", "4"), ("sigma", "2")] {
            defaults.set(name, value).unwrap();
        }
        for (query, differs) in [
            ("", ""),
            ("denoise=nlm", "denoise=nlm"),
            ("sigma=1.6", "sigma=1.6"),
            ("h=7", ""),
            ("descriptor=rootsift&denoise=nlm&h=3", "denoise=nlm&h=3&descriptor=rootsift"),
        ] {
            let params = Query::parse(Some(query), &defaults).unwrap().params;
            assert_eq!(params.query(&defaults), differs, "{query}");
            let again = Query::parse(Some(differs), &defaults).unwrap().params;
            assert_eq!(again.fingerprint(), params.fingerprint(), "{query}");
        }
        let denoised = Query::parse(Some("denoise=nlm"), &defaults).unwrap().params;
        assert!(
            denoised.query(&ParamsBuilder::default()).starts_with("h=4&"),
            "the denoiser keeps its strength"
        );
    }
}
