//! The contract as OpenAPI 3.1, and the page to browse it.

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use extract::{OutputFormat, PARAMETERS, Parameter, ParameterKind, ParamsBuilder};
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_swagger_ui::SwaggerUi;

use crate::Config;
use crate::app::App;
use crate::problem;
use crate::route::FEATURES;

const PATH: &str = "/openapi.json";

/// Errors that an operation of the API can end in beside those that its handler names.
const ERRORS: [(Among, &str, &str); 11] = [
    (Among::All, "401", "An API key is needed"),
    (Among::All, "403", "The API key is not accepted"),
    (Among::All, "405", "The path has other methods"),
    (Among::All, "429", "Over the caller's rate"),
    (Among::All, "500", "A fault of siftd's own"),
    (Among::All, "503", "Overloaded, starting or stopping"),
    (Among::Features, "406", "No acceptable format"),
    (Among::Uploads, "408", "The body did not arrive in time"),
    (Among::Uploads, "413", "More bytes or pixels than allowed"),
    (Among::Uploads, "415", "A format or content coding that is not supported"),
    (Among::Uploads, "504", "Not done in time, or not taken as it could not be"),
];

/// Which operations have an error.
#[derive(Clone, Copy)]
enum Among {
    All,
    /// Those whose answers are features.
    Features,
    /// Of these, those that take images.
    Uploads,
}

/// The least number of double precision that, written down, is none that single precision has a finite one for.
const SINGLE_OVERFLOW: f64 = 3.402_823_567_797_337e38;

/// Headers of answers beside those of every HTTP: of which, name and meaning.
const HEADERS: [(Of, &str, &str); 9] = [
    (Of::All, "X-Request-ID", "Names the request: the client's own name for it, or a new one"),
    (Of::Features, "ETag", "Stands for the bytes of the answer; weak where they tell of this request, too"),
    (Of::Features, "Content-Location", "Where the features can be had without the image"),
    (Of::Features, "Cache-Status", "Whether they were computed (RFC 9211)"),
    (Of::Features, "Server-Timing", "What took how long, ms"),
    (Of::Status("401"), "WWW-Authenticate", "How to bring a key"),
    (Of::Status("405"), "Allow", "The methods that there are"),
    (Of::Status("429"), "Retry-After", "When to try again, s"),
    (Of::Status("503"), "Retry-After", "When to try again, s, where that is known"),
];

/// Which answers have a header.
#[derive(Clone, Copy)]
enum Of {
    All,
    Features,
    Status(&'static str),
}

/// What the document says of the whole.
pub(super) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("siftd")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("SIFT features of images, exactly as OpenCV computes them."))
        .license(Some(utoipa::openapi::License::new("MIT OR Apache-2.0")));
    OpenApiBuilder::new().info(info).build()
}

/// Adds what all handlers have in common: parameters, formats, errors, keys.
pub(super) fn complete(api: &OpenApi, config: &Config) -> Value {
    let mut document = serde_json::to_value(api).unwrap_or_default();
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if path.starts_with("/api/") {
                complete_operation(method, path, operation);
            }
            add_headers(path, operation);
        }
    }
    document["components"]["schemas"]["Features"] = features();
    if !config.api_keys.is_empty() {
        document["components"]["securitySchemes"] = json!({
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        });
        document["security"] = json!([{"bearer": []}, {"header": []}]);
    }
    document
}

fn complete_operation(method: &str, path: &str, operation: &mut Value) {
    let has_features = path.starts_with(FEATURES);
    if has_features {
        add_parameters(path, operation);
    }
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    for (among, status, description) in ERRORS {
        let is_among = match among {
            Among::All => true,
            Among::Features => has_features,
            Among::Uploads => has_features && method == "post",
        };
        if is_among && operation["responses"].get(status).is_none() {
            operation["responses"][status] = json!({
                "description": description,
                "content": {problem::MEDIA_TYPE: {"schema": schema}},
            });
        }
    }
}

fn add_parameters(path: &str, operation: &mut Value) {
    let batch = path.ends_with("/batch");
    let formats = if batch { vec![OutputFormat::Summary] } else { OutputFormat::ALL.to_vec() };
    if operation["parameters"].is_null() {
        operation["parameters"] = json!([]);
    }
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.extend(PARAMETERS.iter().map(parameter));
        parameters.push(format_parameter(&formats));
    }
    if !batch {
        add_formats(&mut operation["responses"]["200"]["content"]);
    }
}

/// Every format beside the summary, which the handler names. All that is JSON has the same media type.
fn add_formats(content: &mut Value) {
    let json = &mut content[OutputFormat::Summary.media_type()]["schema"];
    *json = json!({"oneOf": [json.take(), {"$ref": "#/components/schemas/Features"}]});
    content[OutputFormat::Colmap.media_type()] = json!({"schema": {"type": "string"}});
    for format in [OutputFormat::Npz, OutputFormat::Siftd] {
        content[format.media_type()] = json!({"schema": {"type": "string", "format": "binary"}});
    }
}

/// Everything as JSON.
fn features() -> Value {
    let number = json!({"type": "number"});
    let whole = json!({"type": "integer"});
    let keypoint = json!({
        "x": number, "y": number, "size": number, "angle": number, "response": number, "octave": whole,
    });
    let list = |items: Value| json!({"type": "array", "items": items});
    all_of(&json!({
        "width": whole,
        "height": whole,
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "engine_version": whole,
        "descriptor": {"type": "string", "enum": ["sift", "rootsift"]},
        "descriptors_shape": list(whole),
        "keypoints": list(all_of(&keypoint)),
        "descriptors": list(list(number)),
    }))
}

/// An object that has all of these.
fn all_of(properties: &Value) -> Value {
    let names: Vec<_> = properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    json!({"type": "object", "required": names, "properties": properties})
}

fn add_headers(path: &str, operation: &mut Value) {
    let features = path.starts_with(FEATURES) && !path.ends_with("/batch");
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        for (of, name, description) in HEADERS {
            let (here, required) = match of {
                Of::All => (true, true),
                Of::Features => (features && matches!(status.as_str(), "200" | "304"), true),
                Of::Status(of) => (of == status, status != "503"),
            };
            if here {
                response["headers"][name] =
                    json!({"description": description, "required": required, "schema": {"type": "string"}});
            }
        }
    }
}

fn format_parameter(formats: &[OutputFormat]) -> Value {
    let names: Vec<_> = formats.iter().map(|format| format.name()).collect();
    json!({
        "name": "format",
        "in": "query",
        "description": "Format of the answer, whatever `Accept` says",
        "schema": {"type": "string", "enum": names},
    })
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.kind {
        ParameterKind::Choice(choices) => {
            let names: Vec<_> = choices.iter().map(|choice| choice.name).collect();
            json!({"type": "string", "enum": names})
        }
        ParameterKind::Whole { least, most } => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        ParameterKind::Number { least, least_included, most } => {
            let lower = if least_included { "minimum" } else { "exclusiveMinimum" };
            let mut schema = json!({"type": "number", lower: least});
            if let Some(most) = most {
                schema["maximum"] = json!(most);
            } else if is_single(parameter) {
                schema["exclusiveMaximum"] = json!(SINGLE_OVERFLOW);
            }
            schema
        }
        ParameterKind::Switch => json!({"type": "boolean"}),
    };
    json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.description(),
        "schema": schema,
    })
}

/// Whether the parameter is kept in single precision, so that not every finite number is one of its values.
fn is_single(parameter: &Parameter) -> bool {
    ParamsBuilder::default().set(parameter.name, &f64::MAX.to_string()).is_err()
}

/// Serves the document and its page.
pub(super) fn router(document: &Value) -> Router<Arc<App>> {
    let document = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
    let serve = move || {
        let document = document.clone();
        async move { ([(CONTENT_TYPE, "application/json")], document).into_response() }
    };
    let page = SwaggerUi::new("/docs").config(utoipa_swagger_ui::Config::from(PATH));
    Router::new().route(PATH, get(serve)).merge(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let (_, api) = super::super::with_contract().split_for_parts();
        complete(&api, &Config::default())
    }

    #[test]
    fn what_single_precision_holds_is_allowed_and_no_more() {
        let read = |number: f64| number.to_string().parse::<f32>().unwrap();
        assert!(read(SINGLE_OVERFLOW).is_infinite() && read(SINGLE_OVERFLOW.next_down()).is_finite());
        let document = document();
        let parameters =
            document["paths"]["/api/v1/features/detect"]["post"]["parameters"].as_array().unwrap();
        let bounded =
            parameters.iter().filter(|parameter| parameter["schema"]["exclusiveMaximum"].is_number());
        let names: Vec<_> = bounded.map(|parameter| &parameter["name"]).collect();
        assert_eq!(names, ["h", "h_color"]);
    }
}
