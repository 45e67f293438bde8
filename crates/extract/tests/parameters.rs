//! The table of parameters, what is built from it, and what stands for the result in keys.

// The lint's exemption for tests does not reach their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use extract::{
    Denoise, Descriptor, PARAMETERS, ParamError, Parameter, ParameterGroup, ParameterKind, Params,
    ParamsBuilder,
};
use proptest::prelude::*;

fn built(settings: &[(&str, &str)]) -> Params {
    let mut builder = ParamsBuilder::default();
    for (name, value) in settings {
        builder.set(name, value).unwrap_or_else(|error| panic!("{error}"));
    }
    builder.build().unwrap()
}

fn refusal(name: &str, value: &str) -> String {
    let mut builder = ParamsBuilder::default();
    let error = builder.set(name, value).unwrap_err().to_string();
    assert_eq!(builder, ParamsBuilder::default(), "{name}={value} left something behind");
    error
}

fn hex(fingerprint: [u8; 16]) -> String {
    fingerprint.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As `name=value&...` is set by a service.
fn from_query(query: &str) -> Params {
    let settings: Vec<_> = query.split('&').filter_map(|setting| setting.split_once('=')).collect();
    built(&settings)
}

#[test]
fn stated_defaults_are_the_defaults() {
    for Parameter { name, default, .. } in &PARAMETERS {
        let mut builder = ParamsBuilder::from(Params {
            denoise: Denoise::Nlm(nlm::ColoredParams {
                luma: nlm::Params { h: 3.0, template_window: 3, search_window: 3 },
                h_color: 3.0,
            }),
            sift: sift::Params { max_features: 9, octave_layers: 9, ..sift::Params::default() },
        });
        for other in PARAMETERS.iter().filter(|other| other.name != *name) {
            builder.set(other.name, other.default).unwrap();
        }
        builder.set(name, default).unwrap();
        assert_eq!(builder.build().unwrap(), Params::default(), "{name}");
    }
    assert_eq!(ParamsBuilder::default().build().unwrap(), Params::default());
}

#[test]
fn stated_ranges_are_those_that_are_kept() {
    for Parameter { name, allowed, kind, .. } in &PARAMETERS {
        let (inside, outside) = match *kind {
            ParameterKind::Choice(choices) => {
                (choices.iter().map(|choice| choice.name.to_owned()).collect(), vec!["other".to_owned()])
            }
            ParameterKind::Switch => (vec!["true".into(), "false".into()], vec!["1".into()]),
            ParameterKind::Whole { least, most } => (
                vec![least.to_string(), most.to_string()],
                vec![(i64::from(least) - 1).to_string(), (i64::from(most) + 1).to_string()],
            ),
            ParameterKind::Number { least, least_included, most } => {
                let (mut inside, mut outside) =
                    (vec!["1".to_owned()], vec!["nan".to_owned(), "inf".to_owned()]);
                if least_included { &mut inside } else { &mut outside }.push(least.to_string());
                outside.push(least.next_down().to_string());
                inside.extend(most.map(|most| most.to_string()));
                outside.extend(most.map(|most| most.next_up().to_string()));
                // Strengths have 32 bits, and their next number below zero is another.
                outside.retain(|value| value.parse::<f32>() != Ok(0.0) || !least_included);
                (inside, outside)
            }
        };
        for value in inside {
            assert!(ParamsBuilder::default().set(name, &value).is_ok(), "{name}={value}");
        }
        for value in outside {
            let error = refusal(name, &value);
            assert!(error.starts_with(&format!("{name} is ")) && error.ends_with(allowed), "{error}");
        }
    }
}

#[test]
fn refusals_name_what_was_given_and_what_is_allowed() {
    for (name, value, error) in [
        ("template_window", "0", "template_window is 0, but must be from 1 to 127"),
        ("h", "-0.1", "h is -0.1, but must be finite and at least 0"),
        ("h_color", "nan", "h_color is NaN, but must be finite and at least 0"),
        ("h", "1e39", "h is inf, but must be finite and at least 0"),
        ("octave_layers", "three", "octave_layers is three, but must be a whole number from 1 to 32"),
        ("octave_layers", "3.5", "octave_layers is 3.5, but must be a whole number from 1 to 32"),
        ("edge_threshold", "", "edge_threshold is , but must be a number, finite and above 0"),
        ("sigma", "1,6", "sigma is 1,6, but must be a number, from 0.1 to 32"),
        ("denoise", "median", "denoise is median, but must be nlm or none"),
        ("descriptor", "SIFT", "descriptor is SIFT, but must be sift or rootsift"),
        ("precise_upscale", "yes", "precise_upscale is yes, but must be true or false"),
    ] {
        assert_eq!(refusal(name, value), error);
    }
    let error = ParamsBuilder::default().set("octave-layers", "3").unwrap_err();
    assert_eq!(error, ParamError::Unknown { name: "octave-layers".into() });
    assert_eq!(
        error.to_string(),
        "no parameter is called \"octave-layers\"; there are denoise, h, h_color, template_window, search_window, \
         max_features, octave_layers, contrast_threshold, edge_threshold, sigma, precise_upscale, descriptor"
    );
}

#[test]
fn order_does_not_matter_and_the_last_of_several_holds() {
    let none = built(&[("denoise", "none"), ("h", "5")]);
    assert_eq!(none, built(&[("h", "5"), ("denoise", "none")]));
    assert_eq!(none.denoise, Denoise::None);
    let again = built(&[("denoise", "none"), ("h", "5"), ("denoise", "nlm")]);
    assert_eq!(again, built(&[("h", "6"), ("h", "5")]));
}

#[test]
fn parameters_from_outside_are_checked_when_built() {
    let mut params = Params::default();
    params.sift.octave_layers = 0;
    let error = ParamsBuilder::from(params).build().unwrap_err();
    assert_eq!(error.to_string(), "octave_layers is 0, but must be from 1 to 32");
}

#[test]
fn names_and_flags_are_distinct() {
    let mut names = PARAMETERS.each_ref().map(|parameter| parameter.name);
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    assert_eq!(Parameter::named("h_color").unwrap().flag(), "h-color");
    assert!(PARAMETERS.is_sorted_by_key(|parameter| parameter.group == ParameterGroup::Sift));
}

/// Caches are shared by it: made with Python's `hashlib` from the encoding that the documentation states.
#[test]
fn fingerprints_stay_what_they_are() {
    assert_eq!(hex(Params::default().fingerprint()), "9b0de56382e30f676e0ff016383c0f26");
    let plain = Params { denoise: Denoise::None, ..Params::default() };
    assert_eq!(hex(plain.fingerprint()), "950478e2b6eb0420c5f1df11e25f3193");
}

#[test]
fn what_means_the_same_has_one_fingerprint_and_query() {
    for (one, other, query) in [
        (&[("denoise", "none"), ("h", "5")][..], &[("denoise", "none")][..], "denoise=none"),
        (
            &[("template_window", "6"), ("search_window", "22")],
            &[("search_window", "23")],
            "search_window=23",
        ),
        (&[("h", "-0"), ("h_color", "0.00")], &[("h", "0"), ("h_color", "-0")], "h=0&h_color=0"),
        (&[("contrast_threshold", "-0.0")], &[("contrast_threshold", "0")], "contrast_threshold=0"),
        (&[("sigma", "1.60"), ("max_features", "00")], &[], ""),
        (&[("edge_threshold", "1e-9")], &[("edge_threshold", "0.000000001")], "edge_threshold=1e-9"),
        (
            &[("precise_upscale", "true")],
            &[("precise_upscale", "true"), ("h", "1e1")],
            "precise_upscale=true",
        ),
    ] {
        let (one, other) = (built(one), built(other));
        assert_eq!(one.fingerprint(), other.fingerprint(), "{query}");
        assert_eq!(
            (one.query(&ParamsBuilder::default()).as_str(), other.query(&ParamsBuilder::default()).as_str()),
            (query, query)
        );
    }
}

fn params() -> impl Strategy<Value = Params> {
    // Few values, so that two drawn in turn are often the same in some, and odd ones among them.
    let strength = || prop_oneof![Just(0.0f32), Just(-0.0), Just(10.0), 0.0f32..40.0];
    let threshold = || prop_oneof![Just(0.04f64), Just(1e-300), Just(f64::MAX), 1e-9..1.0f64];
    let nlm = (strength(), strength(), 1..=8u32, 20..=23u32).prop_map(
        |(h, h_color, template_window, search_window)| {
            Denoise::Nlm(nlm::ColoredParams {
                luma: nlm::Params { h, template_window, search_window },
                h_color,
            })
        },
    );
    let denoise = prop_oneof![Just(Denoise::None), nlm];
    let sift = (0..3u32, 3..5u32, threshold(), threshold(), 0.1..32.0f64, any::<bool>(), any::<bool>());
    (denoise, sift).prop_map(
        |(denoise, (max_features, octave_layers, contrast, edge, sigma, precise, root))| Params {
            denoise,
            sift: sift::Params {
                max_features,
                octave_layers,
                contrast_threshold: contrast,
                edge_threshold: edge,
                sigma,
                precise_upscale: precise,
                descriptor: if root { Descriptor::RootSift } else { Descriptor::Sift },
            },
        },
    )
}

/// A value of the parameter, within its range.
fn some_value(parameter: &Parameter, pick: u32) -> String {
    match parameter.kind {
        ParameterKind::Choice(choices) => choices[pick as usize % choices.len()].name.to_owned(),
        ParameterKind::Switch => pick.is_multiple_of(2).to_string(),
        ParameterKind::Whole { least, most } => {
            (u64::from(least) + u64::from(pick) % u64::from(most)).to_string()
        }
        ParameterKind::Number { .. } => (0.5 + f64::from(pick % 1000) / 64.0).to_string(),
    }
}

/// Whether two mean the same, told without the code under test.
fn same(a: &Params, b: &Params) -> bool {
    let denoise = match (a.denoise, b.denoise) {
        (Denoise::Nlm(a), Denoise::Nlm(b)) => {
            a.luma.h == b.luma.h
                && a.h_color == b.h_color
                && a.luma.template_window / 2 == b.luma.template_window / 2
                && a.luma.search_window / 2 == b.luma.search_window / 2
        }
        (a, b) => a == b,
    };
    denoise && a.sift == b.sift
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_real_difference_and_only_that_changes_the_fingerprint(
        params in params(),
        which in 0..PARAMETERS.len(),
        pick: u32,
    ) {
        let mut builder = ParamsBuilder::from(params);
        builder.set(PARAMETERS[which].name, &some_value(&PARAMETERS[which], pick)).unwrap();
        let changed = builder.build().unwrap();
        let equal = same(&params, &changed);
        prop_assert_eq!(params.fingerprint() == changed.fingerprint(), equal, "{} and {}", params.query(&ParamsBuilder::default()), changed.query(&ParamsBuilder::default()));
        prop_assert_eq!(params.query(&ParamsBuilder::default()) == changed.query(&ParamsBuilder::default()), equal);
    }

    #[test]
    fn a_query_gives_its_parameters_again(params in params()) {
        let query = params.query(&ParamsBuilder::default());
        let again = from_query(&query);
        prop_assert_eq!(again.fingerprint(), params.fingerprint(), "{}", &query);
        prop_assert!(same(&again, &params), "{}", &query);
        prop_assert_eq!(again.query(&ParamsBuilder::default()), query);
    }
}
