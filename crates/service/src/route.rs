/// Where features are: what follows is the SHA-256 of an image, or what is done with images.
pub(crate) const FEATURES: &str = "/api/v1/features/";

/// What a request asks for: the label of metrics, bounded whatever paths are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// An image's features by upload.
    Detect,
    /// An image's features by its SHA-256.
    Get,
    /// The features of many images.
    Batch,
    /// The state of the instance.
    Health,
    /// Whether the process lives.
    HealthLive,
    /// Whether it takes requests.
    HealthReady,
    /// Prometheus metrics.
    Metrics,
    /// The contract.
    OpenApi,
    /// The contract, browsable.
    Docs,
    /// The web page.
    Page,
    /// What the instance can carry.
    Capacity,
    /// Whatever is none of these.
    Other,
}

impl Route {
    /// All routes, in the order of declaration.
    pub(crate) const ALL: [Self; 12] = [
        Self::Detect,
        Self::Get,
        Self::Batch,
        Self::Health,
        Self::HealthLive,
        Self::HealthReady,
        Self::Metrics,
        Self::OpenApi,
        Self::Docs,
        Self::Page,
        Self::Capacity,
        Self::Other,
    ];

    /// The route of a path.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/api/v1/features/detect" => Self::Detect,
            "/api/v1/features/batch" => Self::Batch,
            "/api/v1/capacity" => Self::Capacity,
            "/health" => Self::Health,
            "/health/live" => Self::HealthLive,
            "/health/ready" => Self::HealthReady,
            "/metrics" => Self::Metrics,
            "/openapi.json" => Self::OpenApi,
            "/" | "/page.css" | "/page.js" => Self::Page,
            _ if path == "/docs" || path.starts_with("/docs/") => Self::Docs,
            _ if path.starts_with(FEATURES) => Self::Get,
            _ => Self::Other,
        }
    }

    /// Whether a caller needs a key, if keys are configured, and is held to his rate.
    pub(crate) const fn is_guarded(self) -> bool {
        matches!(self, Self::Detect | Self::Get | Self::Batch | Self::Capacity | Self::Other)
    }

    /// Whether it is about features, which there are none of before the service is ready.
    pub(crate) const fn is_of_features(self) -> bool {
        matches!(self, Self::Detect | Self::Get | Self::Batch)
    }

    /// Whether it is asked every few seconds by machines that look after this one: measured, and not logged.
    pub(crate) const fn is_probe(self) -> bool {
        matches!(self, Self::Health | Self::HealthLive | Self::HealthReady | Self::Metrics)
    }

    /// The route in metrics and in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Get => "get",
            Self::Batch => "batch",
            Self::Health => "health",
            Self::HealthLive => "health_live",
            Self::HealthReady => "health_ready",
            Self::Metrics => "metrics",
            Self::OpenApi => "openapi",
            Self::Docs => "docs",
            Self::Page => "page",
            Self::Capacity => "capacity",
            Self::Other => "other",
        }
    }

    /// Its path, with `{}` around what varies: the `http.route` of traces.
    pub(crate) const fn template(self) -> Option<&'static str> {
        match self {
            Self::Detect => Some("/api/v1/features/detect"),
            Self::Get => Some("/api/v1/features/{sha256}"),
            Self::Batch => Some("/api/v1/features/batch"),
            Self::Health => Some("/health"),
            Self::HealthLive => Some("/health/live"),
            Self::HealthReady => Some("/health/ready"),
            Self::Metrics => Some("/metrics"),
            Self::OpenApi => Some("/openapi.json"),
            Self::Docs => Some("/docs"),
            Self::Page => Some("/"),
            Self::Capacity => Some("/api/v1/capacity"),
            Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_a_template_without_variables_is_found() {
        for route in Route::ALL {
            let path = route.template().unwrap_or("/nowhere").replace("{sha256}", &"0".repeat(64));
            assert_eq!(Route::of(&path), route, "{path}");
        }
        assert_eq!(Route::of("/docs/swagger-ui.css"), Route::Docs);
    }

    #[test]
    fn all_is_in_the_order_of_declaration_and_names_differ() {
        for (index, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route as usize, index);
            assert!(Route::ALL[..index].iter().all(|other| other.name() != route.name()));
        }
    }
}
