//! The HTTP service: routes, errors, limits, telemetry, security
