//! The one definition of the parameters that features depend on: of flags, queries, configuration and help.

mod builder;
mod error;
mod fingerprint;
mod table;

pub use builder::ParamsBuilder;
pub use error::ParamError;
pub use table::PARAMETERS;

/// A parameter that features depend on.
#[derive(Debug)]
pub struct Parameter {
    /// Name in queries and configuration: lower case, words joined by `_`.
    pub name: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    /// Unit of its values; empty where they have none.
    pub unit: &'static str,
    /// The values that it may have, in words.
    pub allowed: &'static str,
    /// Its value where none is given, as it would be written.
    pub default: &'static str,
    /// What its values are.
    pub kind: ParameterKind,
    /// Which step takes it.
    pub group: ParameterGroup,
    /// Takes a value into the builder whatever its range, if it can be parsed.
    assign: fn(&mut ParamsBuilder, &str) -> Option<()>,
    /// The value in the builder, in its shortest form.
    value: fn(&ParamsBuilder) -> String,
}

/// What the values of a parameter are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParameterKind {
    /// One of several names.
    Choice(&'static [Choice]),
    /// A whole number, the bounds included.
    Whole {
        /// Smallest value.
        least: u32,
        /// Largest value.
        most: u32,
    },
    /// A finite number.
    Number {
        /// Lower bound.
        least: f64,
        /// Whether the lower bound itself is allowed.
        least_included: bool,
        /// Upper bound, itself allowed, if there is one.
        most: Option<f64>,
    },
    /// `true` or `false`; as a flag, given or not.
    Switch,
}

/// A value of a [`ParameterKind::Choice`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// As it is written.
    pub name: &'static str,
    /// What it means, in a few words.
    pub help: &'static str,
}

/// The step that a parameter belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterGroup {
    /// What is done to the pixels first.
    Denoise,
    /// Detection and description.
    Sift,
}

impl ParameterGroup {
    /// Its heading in help and documentation.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Denoise => "Denoising",
            Self::Sift => "Detection and description",
        }
    }
}

impl Parameter {
    /// The parameter of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PARAMETERS.iter().find(|parameter| parameter.name == name)
    }

    /// Its name as a flag of the command line, without the dashes before it.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Its value among those set so far, in its shortest form, as it is read back.
    ///
    /// ```
    /// let sigma = extract::Parameter::named("sigma").unwrap();
    /// assert_eq!(sigma.value_in(&extract::ParamsBuilder::default()), "1.6");
    /// ```
    pub fn value_in(&self, params: &ParamsBuilder) -> String {
        (self.value)(params)
    }

    /// What it does, with unit and range where it has them.
    ///
    /// ```
    /// let sigma = extract::Parameter::named("sigma").unwrap();
    /// assert_eq!(sigma.description(), "Blur of the first layer (px, from 0.1 to 32)");
    /// ```
    pub fn description(&self) -> String {
        match (self.kind, self.unit) {
            (ParameterKind::Choice(_) | ParameterKind::Switch, _) => self.help.to_owned(),
            (_, "") => format!("{} ({})", self.help, self.allowed),
            (_, unit) => format!("{} ({unit}, {})", self.help, self.allowed),
        }
    }

    /// What a value must be that is none at all.
    fn expected(&self) -> String {
        match self.kind {
            ParameterKind::Choice(_) | ParameterKind::Switch => self.allowed.to_owned(),
            ParameterKind::Whole { .. } => format!("a whole number {}", self.allowed),
            ParameterKind::Number { .. } => format!("a number, {}", self.allowed),
        }
    }
}
