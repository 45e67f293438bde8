use std::path::Path;

use cachebench::Report;

use super::CacheBenchArguments;
use crate::inputs::STANDARD_STREAM;
use crate::outputs::{self, WriteError};
use crate::stderr;

/// The tables, and the files that were asked for. Where JSON has standard output, the tables have standard error.
pub(super) fn write(report: &Report, arguments: &CacheBenchArguments) -> Result<(), WriteError> {
    let document = report.document();
    let json = outputs::json(report)?;
    let json_on_stdout = arguments.json.as_deref() == Some(Path::new(STANDARD_STREAM));
    if json_on_stdout {
        stderr::print(document.to_text());
    }
    let printed = if json_on_stdout { &json } else { &document.to_text() };
    outputs::print(printed.as_bytes())?;
    let files = [
        (arguments.json.as_deref().filter(|_| !json_on_stdout), json),
        (arguments.markdown.as_deref(), document.to_markdown()),
        (arguments.report.as_deref(), document.to_html()),
        (arguments.picture.as_deref(), cachebench::picture(report)),
    ];
    for (path, text) in files {
        if let Some(path) = path {
            outputs::write_file(path, text.as_bytes())?;
        }
    }
    Ok(())
}
