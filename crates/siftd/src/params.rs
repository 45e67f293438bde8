//! The parameters that features depend on, as options of the command line: one for each in [`PARAMETERS`].

use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use extract::{PARAMETERS, Parameter, ParameterGroup, ParameterKind, Params, ParamsBuilder};

use crate::error::Error;

/// Options for all parameters.
pub(crate) type FeatureArguments = ParamsArguments<true>;
/// Options for the denoiser's parameters alone.
pub(crate) type DenoiseArguments = ParamsArguments<false>;

/// Settings of the parameters, those of detection among them or not.
#[derive(Debug)]
pub(crate) struct ParamsArguments<const DETECTION: bool>(Vec<(&'static str, String)>);

impl<const DETECTION: bool> ParamsArguments<DETECTION> {
    /// All of them together, checked.
    pub(crate) fn params(&self) -> Result<Params, Error> {
        let mut builder = ParamsBuilder::default();
        for (name, value) in &self.0 {
            builder.set(name, value)?;
        }
        Ok(builder.build()?)
    }

    fn parameters() -> impl Iterator<Item = &'static Parameter> {
        PARAMETERS.iter().filter(|parameter| DETECTION || parameter.group == ParameterGroup::Denoise)
    }
}

impl<const DETECTION: bool> Args for ParamsArguments<DETECTION> {
    fn augment_args(command: Command) -> Command {
        command.args(Self::parameters().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const DETECTION: bool> FromArgMatches for ParamsArguments<DETECTION> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = Self::parameters().filter_map(|parameter| {
            Some((parameter.name, matches.get_one::<String>(parameter.name)?.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The option of a parameter. Ranges are checked with all of them; here, that numbers are numbers at all.
fn argument(parameter: &'static Parameter) -> Arg {
    let argument = Arg::new(parameter.name)
        .long(parameter.flag())
        .help(parameter.description())
        .help_heading(parameter.group.heading());
    let (parser, value_name) = match parameter.kind {
        ParameterKind::Switch => (["true", "false"].into(), "true|false".to_owned()),
        ParameterKind::Choice(choices) => {
            let choices = choices.iter().map(|choice| PossibleValue::new(choice.name).help(choice.help));
            (PossibleValuesParser::new(choices).into(), parameter.name.to_uppercase())
        }
        ParameterKind::Whole { .. } if parameter.unit == "px" => (ValueParser::new(whole), "PX".to_owned()),
        ParameterKind::Whole { .. } => (ValueParser::new(whole), "N".to_owned()),
        ParameterKind::Number { .. } => (ValueParser::new(number), parameter.name.to_uppercase()),
    };
    let argument = match parameter.kind {
        ParameterKind::Switch => argument.num_args(0..=1).require_equals(true).default_missing_value("true"),
        _ => argument,
    };
    argument
        .value_parser(parser)
        .value_name(value_name)
        .default_value(parameter.default)
        .allow_negative_numbers(true)
}

fn whole(value: &str) -> Result<String, &'static str> {
    match value.parse::<u32>() {
        Ok(_) => Ok(value.to_owned()),
        Err(_) => Err("must be a whole number of at least 0, in the range that --help names"),
    }
}

fn number(value: &str) -> Result<String, &'static str> {
    match value.parse::<f64>() {
        Ok(_) => Ok(value.to_owned()),
        Err(_) => Err("must be a number, in the range that --help names"),
    }
}
