use http::Uri;
use http::uri::Scheme;

use super::TraceError;

const PATH: &str = "/v1/traces";
const SERVICE_NAME: &str = "siftd";

/// What the `OTEL_*` variables say of whether and where to. What they say of how (sampling, batches, headers, time
/// limits) is read by OpenTelemetry's SDK.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Where spans are posted to.
    pub(super) endpoint: String,
    /// The name of the service, unless the resource's attributes give one.
    pub(super) service_name: Option<String>,
}

impl Settings {
    /// Nothing where no endpoint is set or traces are switched off.
    pub(super) fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, TraceError> {
        // A variable that is empty is one that is not set: the specification says so.
        let lookup = |name| lookup(name).filter(|value| !value.trim().is_empty());
        let is = |name, expected: &str| {
            lookup(name).is_some_and(|value: String| value.trim().eq_ignore_ascii_case(expected))
        };
        if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
            return Ok(None);
        }
        let Some(endpoint) = endpoint(&lookup)? else { return Ok(None) };
        only(&lookup, &["OTEL_TRACES_EXPORTER"], "otlp")?;
        only(
            &lookup,
            &["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"],
            "http/protobuf",
        )?;
        Ok(Some(Self { endpoint, service_name: service_name(&lookup) }))
    }
}

/// The address for traces as it stands, or the address for all signals with the path of traces.
fn endpoint(lookup: &impl Fn(&'static str) -> Option<String>) -> Result<Option<String>, TraceError> {
    let (own, common) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT");
    let (variable, url) = if let Some(url) = lookup(own) {
        (own, url.trim().to_owned())
    } else if let Some(url) = lookup(common) {
        (common, format!("{}{PATH}", url.trim().trim_end_matches('/')))
    } else {
        return Ok(None);
    };
    let uri: Uri = url.parse().map_err(|_| TraceError::Endpoint { variable })?;
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => Ok(Some(url)),
        Some(scheme) if *scheme == Scheme::HTTPS => Err(TraceError::Https { variable }),
        _ => Err(TraceError::Endpoint { variable }),
    }
}

/// Refuses any other value of the first of these variables that is set.
fn only(
    lookup: &impl Fn(&'static str) -> Option<String>,
    variables: &[&'static str],
    supported: &'static str,
) -> Result<(), TraceError> {
    let set = variables.iter().find_map(|&variable| Some((variable, lookup(variable)?)));
    match set {
        Some((variable, value)) if !value.trim().eq_ignore_ascii_case(supported) => {
            Err(TraceError::Unsupported { variable, value, supported })
        }
        _ => Ok(()),
    }
}

fn service_name(lookup: &impl Fn(&'static str) -> Option<String>) -> Option<String> {
    let among_attributes = lookup("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|attributes| {
        attributes
            .split(',')
            .any(|pair| pair.split('=').next().is_some_and(|key| key.trim() == "service.name"))
    });
    let default = (!among_attributes).then(|| SERVICE_NAME.to_owned());
    lookup("OTEL_SERVICE_NAME").or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Option<Settings>, TraceError> {
        Settings::from_env(|name| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");

    #[test]
    fn no_endpoint_or_switched_off_is_no_traces() {
        for variables in [
            &[][..],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            &[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")],
            &[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert_eq!(settings(variables).unwrap(), None, "{variables:?}");
        }
    }

    #[test]
    fn the_endpoint_of_traces_comes_first_and_is_left_as_it_is() {
        let common = settings(&[ENDPOINT, ("OTEL_SDK_DISABLED", "false")]).unwrap().unwrap();
        assert_eq!(common.endpoint, "http://collector:4318/v1/traces");
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:9/in");
        assert_eq!(settings(&[ENDPOINT, own]).unwrap().unwrap().endpoint, "http://traces:9/in");
    }

    #[test]
    fn the_service_has_a_name_unless_another_is_given() {
        let name = |variable| settings(&[ENDPOINT, variable]).unwrap().unwrap().service_name;
        assert_eq!(name(("OTHER", "x")).as_deref(), Some("siftd"));
        assert_eq!(name(("OTEL_SERVICE_NAME", "features")).as_deref(), Some("features"));
        assert_eq!(name(("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=features")), None);
    }

    #[test]
    fn what_cannot_be_done_is_refused_and_named() {
        let message = |variables: &[_]| settings(variables).unwrap_err().to_string();
        assert_eq!(
            message(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]),
            "OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not supported, only http/protobuf is"
        );
        assert_eq!(
            message(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "zipkin")]),
            "OTEL_TRACES_EXPORTER=zipkin is not supported, only otlp is"
        );
        let https = message(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector")]);
        assert!(https.contains("plain http"), "{https}");
        for url in ["collector:4318", "ftp://collector", "http://"] {
            let message = message(&[("OTEL_EXPORTER_OTLP_ENDPOINT", url)]);
            assert!(message.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT is no address"), "{message}");
        }
    }
}
