use super::{PARAMETERS, ParamError, Parameter};
use crate::{Denoise, Params, ParamsError};

/// [`Params`] in the making: settings by name, in any order.
///
/// The denoiser's parameters are kept while `denoise` is `none`, so that the order of settings does not matter. Of
/// several settings of a parameter the last holds.
///
/// ```
/// let mut builder = extract::ParamsBuilder::default();
/// builder.set("h", "5")?;
/// builder.set("octave_layers", "4")?;
/// assert_eq!(builder.build()?.query(&Default::default()), "h=5&octave_layers=4");
/// let error = builder.set("sigma", "0").unwrap_err();
/// assert_eq!(error.to_string(), "sigma is 0, but must be from 0.1 to 32");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParamsBuilder {
    pub(super) denoised: bool,
    pub(super) nlm: nlm::ColoredParams,
    pub(super) sift: sift::Params,
}

impl Default for ParamsBuilder {
    fn default() -> Self {
        Params::default().into()
    }
}

impl From<Params> for ParamsBuilder {
    fn from(params: Params) -> Self {
        let (denoised, nlm) = match params.denoise {
            Denoise::None => (false, nlm::ColoredParams::default()),
            Denoise::Nlm(nlm) => (true, nlm),
        };
        Self { denoised, nlm, sift: params.sift }
    }
}

impl ParamsBuilder {
    /// Sets the parameter of this name; after an error it is what it was.
    ///
    /// # Errors
    /// [`ParamError::Unknown`] for another name than those in [`PARAMETERS`], [`ParamError::Value`] for a value that
    /// is no value of the parameter or outside its range.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ParamError> {
        let parameter =
            Parameter::named(name).ok_or_else(|| ParamError::Unknown { name: name.to_owned() })?;
        let refuse =
            |value: String, allowed: String| ParamError::Value { name: parameter.name, value, allowed };
        let assigned = |mut builder: Self| {
            let parsed = (parameter.assign)(&mut builder, value).map(|()| builder);
            parsed.ok_or_else(|| refuse(value.to_owned(), parameter.expected()))
        };
        // On its own among the defaults: what it is refused for is its own value.
        let alone = assigned(Self::default())?;
        if alone.build().is_err() {
            return Err(refuse((parameter.value)(&alone), parameter.allowed.to_owned()));
        }
        *self = assigned(*self)?;
        Ok(())
    }

    /// The parameters, checked.
    ///
    /// # Errors
    /// The first out of its range, which only [`From<Params>`](Self#impl-From<Params>-for-ParamsBuilder) can have
    /// brought in.
    pub fn build(&self) -> Result<Params, ParamsError> {
        let params = Params {
            denoise: if self.denoised { Denoise::Nlm(self.nlm) } else { Denoise::None },
            sift: self.sift,
        };
        params.validate()?;
        Ok(params)
    }

    /// With these parameters; where they don't denoise, the denoiser's stay as they are.
    fn with(self, params: Params) -> Self {
        let given = Self::from(params);
        if given.denoised { given } else { Self { nlm: self.nlm, ..given } }
    }

    /// Every parameter as the one of all those with the same effect that stands for them.
    pub(super) fn canonical(mut self) -> Self {
        if !self.denoised {
            self.nlm = nlm::ColoredParams::default();
        }
        self.canonical_values()
    }

    fn canonical_values(mut self) -> Self {
        // Even sides act as the next odd one.
        self.nlm.luma.template_window |= 1;
        self.nlm.luma.search_window |= 1;
        // The sum of a zero of either sign and 0 is 0.
        self.nlm.luma.h += 0.0;
        self.nlm.h_color += 0.0;
        self.sift.contrast_threshold += 0.0;
        self
    }
}

impl Params {
    /// The parameters that differ from `defaults`, as the query of a URL: `name=value` joined by `&`, in the order of
    /// [`PARAMETERS`]. Numbers have as few digits as give the same number again, even windows are the next odd ones,
    /// and the denoiser's parameters are left out where there is no denoising. Set one by one in `defaults`, it gives the same
    /// [`fingerprint`](Self::fingerprint).
    ///
    /// ```
    /// use extract::{Denoise, Params, ParamsBuilder};
    /// let defaults = ParamsBuilder::default();
    /// assert_eq!(Params::default().query(&defaults), "");
    /// assert_eq!(Params { denoise: Denoise::None, ..Params::default() }.query(&defaults), "denoise=none");
    /// ```
    pub fn query(&self, defaults: &ParamsBuilder) -> String {
        let (given, defaults) = (defaults.with(*self).canonical_values(), defaults.canonical_values());
        // As nearly every request has it.
        if given == defaults {
            return String::new();
        }
        let set = PARAMETERS.iter().filter_map(|parameter| {
            let value = (parameter.value)(&given);
            (value != (parameter.value)(&defaults)).then(|| format!("{}={value}", parameter.name))
        });
        set.collect::<Vec<_>>().join("&")
    }
}
