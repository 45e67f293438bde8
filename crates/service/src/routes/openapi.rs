//! The contract as OpenAPI 3.1, and the page to browse it.

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use extract::{OutputFormat, PARAMETERS, Parameter, ParameterKind};
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_swagger_ui::SwaggerUi;

use crate::Config;
use crate::app::App;
use crate::negotiation::media_range;
use crate::problem;

const PATH: &str = "/openapi.json";

/// Errors that an operation can end in beside those that its handler names.
const ERRORS: [(&str, &str); 12] = [
    ("401", "An API key is needed"),
    ("403", "The API key is not accepted"),
    ("404", "The cache does not have it"),
    ("406", "No acceptable format"),
    ("413", "More bytes or pixels than allowed"),
    ("415", "A format or content coding that is not supported"),
    ("429", "Over the caller's rate"),
    ("500", "A fault of siftd's own"),
    ("503", "Overloaded, starting or stopping"),
    ("504", "Taken, but not done in time"),
    ("400", "Malformed request, or no decodable image"),
    ("405", "The path has other methods"),
];

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
        if !path.starts_with("/api/") {
            continue;
        }
        for operation in operations.as_object_mut().into_iter().flatten().map(|(_, operation)| operation) {
            complete_operation(path, operation);
        }
    }
    if !config.api_keys.is_empty() {
        document["components"]["securitySchemes"] = json!({
            "bearer": {"type": "http", "scheme": "bearer"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        });
        document["security"] = json!([{"bearer": []}, {"header": []}]);
    }
    document
}

fn complete_operation(path: &str, operation: &mut Value) {
    if let Some(parameters) = operation.as_object_mut().map(|fields| fields.entry("parameters")) {
        let parameters = parameters.or_insert_with(|| json!([]));
        let batch = path.ends_with("/batch");
        let formats = if batch { vec![OutputFormat::Summary] } else { OutputFormat::ALL.to_vec() };
        parameters.as_array_mut().into_iter().for_each(|parameters| {
            parameters.extend(PARAMETERS.iter().map(parameter));
            parameters.push(format_parameter(&formats));
        });
        if !batch {
            add_formats(&mut operation["responses"]["200"]["content"]);
        }
    }
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    for (status, description) in ERRORS {
        let response = json!({
            "description": description,
            "content": {problem::MEDIA_TYPE: {"schema": schema}},
        });
        operation["responses"][status] = response;
    }
}

/// Every format beside the summary, which the handler names.
fn add_formats(content: &mut Value) {
    for format in OutputFormat::ALL.into_iter().filter(|&format| format != OutputFormat::Summary) {
        let schema = match format {
            OutputFormat::Json => json!({"type": "object"}),
            _ => json!({"type": "string"}),
        };
        content[media_range(format)] = json!({"schema": schema});
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
