use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ErrorCode {
    /// No image, broken multipart, a parameter unknown or out of range.
    BadRequest,
    /// The bytes are no decodable image.
    InvalidImage,
    /// A key is needed.
    Unauthorized,
    /// The key is none of those configured.
    Forbidden,
    /// No such path, or no such features in the cache.
    NotFound,
    /// The path has other methods.
    MethodNotAllowed,
    /// No format that is accepted.
    NotAcceptable,
    /// The body did not arrive in time.
    RequestTimeout,
    /// More bytes or pixels than allowed.
    ImageTooLarge,
    /// A format or content coding that is not supported.
    UnsupportedMediaType,
    /// Over the caller's rate.
    RateLimited,
    /// A fault of siftd's own.
    InternalError,
    /// Refused before anything was begun.
    Overloaded,
    /// Starting or draining.
    ServiceNotReady,
    /// Not done in time, or not taken as it could not be even alone.
    ServiceTimeout,
}

impl ErrorCode {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::InvalidImage => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::ImageTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Overloaded | Self::ServiceNotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::ServiceTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// As it stands in documents, log and traces.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::InvalidImage => "INVALID_IMAGE",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::ImageTooLarge => "IMAGE_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::RateLimited => "RATE_LIMITED",
            Self::InternalError => "INTERNAL_ERROR",
            Self::Overloaded => "OVERLOADED",
            Self::ServiceNotReady => "SERVICE_NOT_READY",
            Self::ServiceTimeout => "SERVICE_TIMEOUT",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request is malformed",
            Self::InvalidImage => "The image cannot be decoded",
            Self::Unauthorized => "An API key is needed",
            Self::Forbidden => "The API key is not accepted",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "The method is not allowed here",
            Self::NotAcceptable => "No acceptable format",
            Self::RequestTimeout => "The request came too slowly",
            Self::ImageTooLarge => "The image is too large",
            Self::UnsupportedMediaType => "The format is not supported",
            Self::RateLimited => "Too many requests",
            Self::InternalError => "Internal error",
            Self::Overloaded => "The service is overloaded",
            Self::ServiceNotReady => "The service is not ready",
            Self::ServiceTimeout => "Not done in time",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_they_are_serialised() {
        for code in [ErrorCode::BadRequest, ErrorCode::ImageTooLarge, ErrorCode::ServiceNotReady] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
