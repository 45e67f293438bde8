use std::net::SocketAddr;

/// Settings that are each allowed, but not together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Conflict {
    #[error("pixel_budget is {budget}, but must be at least max_pixels, which is {max_pixels}")]
    PixelBudget { budget: u64, max_pixels: u64 },
    #[error("body_budget is {budget}, but must be at least max_bytes, which is {max_bytes}")]
    BodyBudget { budget: u64, max_bytes: u64 },
    #[error("rate_burst is set, but rate_limit is not: set both or neither")]
    BurstAlone,
    #[error("listen and admin_listen are both {0}: give each its own address")]
    SameAddress(SocketAddr),
    #[error("{0}")]
    Engine(#[from] engine::ConfigError),
    #[error("{0}")]
    Params(#[from] extract::ParamsError),
}
