//! The query of a request: parameters and format.

use std::borrow::Cow;

use extract::{OutputFormat, PARAMETERS, Params, ParamsBuilder};

use crate::problem::Problem;

/// What a query says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Query {
    pub(crate) params: Params,
    pub(crate) format: Option<OutputFormat>,
}

impl Query {
    /// Reads a query; what it does not name is as in `defaults`.
    pub(crate) fn parse(query: Option<&str>, defaults: &Params) -> Result<Self, Problem> {
        let Some(query) = query.filter(|query| !query.is_empty()) else {
            return Ok(Self { params: *defaults, format: None });
        };
        let mut builder = ParamsBuilder::from(*defaults);
        let mut format = None;
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if seen.contains(&name) {
                return Err(Problem::bad_request(format!("the parameter {name} is given more than once")));
            }
            if name == "format" {
                format = Some(value.parse().map_err(|error| parameter_problem(&error, "format"))?);
            } else {
                builder.set(&name, &value).map_err(|error| parameter_problem(&error, &name))?;
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

/// The query that names what differs from `defaults`, so that whoever asks with it asks for the same features.
pub(crate) fn canonical(params: &Params, defaults: &Params) -> String {
    if params == defaults {
        return String::new();
    }
    let (builder, defaults) = (ParamsBuilder::from(*params), ParamsBuilder::from(*defaults));
    let mut query = form_urlencoded::Serializer::new(String::new());
    for parameter in &PARAMETERS {
        let value = parameter.value_in(&builder);
        if value != parameter.value_in(&defaults) {
            query.append_pair(parameter.name, &value);
        }
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Query, String> {
        Query::parse(Some(query), &Params::default()).map_err(|problem| problem.detail)
    }

    #[test]
    fn a_query_names_what_differs_from_the_defaults() {
        let query = parse("octave_layers=4&format=npz&sigma=1%2E5").unwrap();
        assert_eq!(query.format, Some(OutputFormat::Npz));
        assert_eq!(query.params.query(), "octave_layers=4&sigma=1.5");
        assert_eq!(Query::parse(None, &query.params).unwrap().params, query.params);
        assert_eq!(parse("").unwrap().params, Params::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, named) in [
            ("sigmas=1", "sigmas"),
            ("sigma=0", "must be from 0.1 to 32"),
            ("sigma=1&sigma=1", "sigma is given more than once"),
            ("format=xml", "must be summary, json, npz, colmap or siftd"),
            ("=", "no parameter is called ;"),
        ] {
            let detail = parse(query).unwrap_err();
            assert!(detail.contains(named), "{query}: {detail}");
        }
    }

    #[test]
    fn the_canonical_query_asks_for_the_same_again_whatever_the_defaults() {
        let defaults = parse("denoise=none&sigma=2").unwrap().params;
        for query in ["", "denoise=nlm", "sigma=1.6", "descriptor=rootsift&denoise=nlm&h=3"] {
            let params = Query::parse(Some(query), &defaults).unwrap().params;
            let again = Query::parse(Some(&canonical(&params, &defaults)), &defaults).unwrap().params;
            assert_eq!(again.fingerprint(), params.fingerprint(), "{query}");
        }
        assert_eq!(canonical(&defaults, &defaults), "");
    }
}
