use super::PARAMETERS;

/// A setting that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// There is no such parameter.
    #[error("no parameter is called {name:?}; there are {}", names())]
    Unknown {
        /// The name given.
        name: String,
    },
    /// The value is none of the parameter's, or outside its range.
    #[error("{name} is {value}, but must be {allowed}")]
    Value {
        /// The parameter's name.
        name: &'static str,
        /// The value given.
        value: String,
        /// What it must be, in words.
        allowed: String,
    },
}

/// All names, for messages.
fn names() -> String {
    PARAMETERS.each_ref().map(|parameter| parameter.name).join(", ")
}
