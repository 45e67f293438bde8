use super::{Choice, Parameter, ParameterGroup, ParameterKind};
use crate::Descriptor;

const AT_LEAST_0: ParameterKind = ParameterKind::Number { least: 0.0, least_included: true, most: None };

/// All parameters, the denoiser's first: the order of help and queries.
pub static PARAMETERS: [Parameter; 12] = [
    Parameter {
        name: "denoise",
        help: "Whether to denoise first",
        unit: "",
        allowed: "nlm or none",
        default: "nlm",
        kind: ParameterKind::Choice(&[
            Choice { name: "nlm", help: "Non-local means" },
            Choice { name: "none", help: "As it is" },
        ]),
        group: ParameterGroup::Denoise,
        assign: |params, value| {
            params.denoised = match value {
                "nlm" => true,
                "none" => false,
                _ => return None,
            };
            Some(())
        },
        value: |params| if params.denoised { "nlm" } else { "none" }.to_owned(),
    },
    Parameter {
        name: "h",
        help: "Strength for luminance",
        unit: "grey levels",
        allowed: "finite and at least 0",
        default: "10",
        kind: AT_LEAST_0,
        group: ParameterGroup::Denoise,
        assign: |params, value| parse(value, &mut params.nlm.luma.h),
        value: |params| shortest(params.nlm.luma.h),
    },
    Parameter {
        name: "h_color",
        help: "Strength for colour",
        unit: "",
        allowed: "finite and at least 0",
        default: "10",
        kind: AT_LEAST_0,
        group: ParameterGroup::Denoise,
        assign: |params, value| parse(value, &mut params.nlm.h_color),
        value: |params| shortest(params.nlm.h_color),
    },
    Parameter {
        name: "template_window",
        help: "Side of the compared windows",
        unit: "px",
        allowed: "from 1 to 127",
        default: "7",
        kind: ParameterKind::Whole { least: 1, most: nlm::MAX_TEMPLATE_WINDOW },
        group: ParameterGroup::Denoise,
        assign: |params, value| parse(value, &mut params.nlm.luma.template_window),
        value: |params| params.nlm.luma.template_window.to_string(),
    },
    Parameter {
        name: "search_window",
        help: "Side of the searched window",
        unit: "px",
        allowed: "from 1 to 2901",
        default: "21",
        kind: ParameterKind::Whole { least: 1, most: nlm::MAX_SEARCH_WINDOW },
        group: ParameterGroup::Denoise,
        assign: |params, value| parse(value, &mut params.nlm.luma.search_window),
        value: |params| params.nlm.luma.search_window.to_string(),
    },
    Parameter {
        name: "max_features",
        help: "Keep this many keypoints of the strongest response; 0 keeps all",
        unit: "",
        allowed: "from 0 to 4294967295",
        default: "0",
        kind: ParameterKind::Whole { least: 0, most: u32::MAX },
        group: ParameterGroup::Sift,
        assign: |params, value| parse(value, &mut params.sift.max_features),
        value: |params| params.sift.max_features.to_string(),
    },
    Parameter {
        name: "octave_layers",
        help: "Layers searched in each octave",
        unit: "",
        allowed: "from 1 to 32",
        default: "3",
        kind: ParameterKind::Whole { least: 1, most: 32 },
        group: ParameterGroup::Sift,
        assign: |params, value| parse(value, &mut params.sift.octave_layers),
        value: |params| params.sift.octave_layers.to_string(),
    },
    Parameter {
        name: "contrast_threshold",
        help: "Drop extrema of less contrast",
        unit: "",
        allowed: "finite and at least 0",
        default: "0.04",
        kind: AT_LEAST_0,
        group: ParameterGroup::Sift,
        assign: |params, value| parse(value, &mut params.sift.contrast_threshold),
        value: |params| shortest(params.sift.contrast_threshold),
    },
    Parameter {
        name: "edge_threshold",
        help: "Drop extrema more elongated than this",
        unit: "",
        allowed: "finite and above 0",
        default: "10",
        kind: ParameterKind::Number { least: 0.0, least_included: false, most: None },
        group: ParameterGroup::Sift,
        assign: |params, value| parse(value, &mut params.sift.edge_threshold),
        value: |params| shortest(params.sift.edge_threshold),
    },
    Parameter {
        name: "sigma",
        help: "Blur of the first layer",
        unit: "px",
        allowed: "from 0.1 to 32",
        default: "1.6",
        kind: ParameterKind::Number { least: 0.1, least_included: true, most: Some(32.0) },
        group: ParameterGroup::Sift,
        assign: |params, value| parse(value, &mut params.sift.sigma),
        value: |params| shortest(params.sift.sigma),
    },
    Parameter {
        name: "precise_upscale",
        help: "Double the image without OpenCV's default shift of 0.25 px",
        unit: "",
        allowed: "true or false",
        default: "false",
        kind: ParameterKind::Switch,
        group: ParameterGroup::Sift,
        assign: |params, value| parse(value, &mut params.sift.precise_upscale),
        value: |params| params.sift.precise_upscale.to_string(),
    },
    Parameter {
        name: "descriptor",
        help: "Which descriptor",
        unit: "",
        allowed: "sift or rootsift",
        default: "sift",
        kind: ParameterKind::Choice(&[
            Choice { name: "sift", help: "OpenCV's, bytes" },
            Choice { name: "rootsift", help: "RootSIFT, floats" },
        ]),
        group: ParameterGroup::Sift,
        assign: |params, value| {
            params.sift.descriptor = match value {
                "sift" => Descriptor::Sift,
                "rootsift" => Descriptor::RootSift,
                _ => return None,
            };
            Some(())
        },
        value: |params| match params.sift.descriptor {
            Descriptor::Sift => "sift".to_owned(),
            Descriptor::RootSift => "rootsift".to_owned(),
        },
    },
];

fn parse<T: std::str::FromStr>(value: &str, to: &mut T) -> Option<()> {
    *to = value.parse().ok()?;
    Some(())
}

/// The fewest digits that are read back as the same number, with an exponent where that is shorter.
fn shortest(value: impl std::fmt::Display + std::fmt::LowerExp) -> String {
    let (plain, exponent) = (value.to_string(), format!("{value:e}"));
    if exponent.len() < plain.len() { exponent } else { plain }
}
