/// Why a call gave no image.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error(transparent)]
    Params(#[from] crate::ParamsError),
    /// The pixel buffer and the stated dimensions disagree.
    #[error(
        "{width} x {height} pixels of {channels} channels need {expected} bytes, but {actual} were given"
    )]
    BufferSize {
        /// Stated width in px.
        width: usize,
        /// Stated height in px.
        height: usize,
        /// Stated number of channels.
        channels: usize,
        /// Bytes that those dimensions need.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// Non-local means is defined here for one to four channels, the coloured form for three.
    #[error("{actual} channels, but {allowed} are supported")]
    Channels {
        /// Channels given.
        actual: usize,
        /// What the call takes.
        allowed: &'static str,
    },
    /// [`Control::stop`](crate::Control::stop) answered `true`.
    #[error("stopped before the image was done")]
    Stopped,
}
