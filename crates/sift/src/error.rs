/// Why a call gave no features.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error(transparent)]
    Params(#[from] crate::ParamsError),
    /// The pixel buffer and the stated dimensions disagree.
    #[error("{width} x {height} grey pixels need {expected} bytes, but {actual} were given")]
    BufferSize {
        /// Stated width in px.
        width: usize,
        /// Stated height in px.
        height: usize,
        /// Bytes that those dimensions need.
        expected: usize,
        /// Bytes given.
        actual: usize,
    },
    /// [`Control::stop`](crate::Control::stop) answered `true`.
    #[error("stopped before the image was done")]
    Stopped,
}
