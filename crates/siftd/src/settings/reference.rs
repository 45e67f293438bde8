//! `docs/configuration.md`, written from the table.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use super::kind::Kind;
use super::quantity::human;
use super::setting::{Group, Setting};
use super::table::settings;

const INTRO: &str = "\
# Configuration of `siftd serve`

Every setting is a flag, an environment variable and a key of a TOML file. A flag counts before the variable, the
variable before the file, the file before the default. `siftd serve --print-config` prints what holds, and where each
setting comes from; that is a file that can be loaded, unless it has secrets, which are masked.

    siftd serve --config siftd.toml --cache-ttl 600
    SIFTD_CONFIG=siftd.toml SIFTD_CACHE_TTL=600 siftd serve

    # siftd.toml
    listen = \"0.0.0.0:8000\"
    cache = \"disk:///var/cache/siftd\"
    cache_disk = \"20 GiB\"
    trusted_proxies = [\"10.0.0.2\", \"10.0.0.3\"]

- The file is flat: keys have the names below, which are those of HTTP queries, too; there are no sections. A key that
  is none of them is an error, and so is a value of another type or out of range, even where a flag overrides it.
- A variable that begins with `SIFTD_` and is none of these is ignored with a warning, but for those that Kubernetes
  sets by itself (`SIFTD_PORT`, `SIFTD_SERVICE_HOST` and the like). An empty variable is as good as not there.
- Times are seconds, with decimals if need be. Bytes are whole numbers, with one of the units kB, MB, GB, TB, KiB, MiB,
  GiB and TiB if need be: as text in TOML (`\"256 MiB\"`).
- Lists are arrays in TOML, joined by commas in variables; their flags are repeated.
- Switches are `true` or `false`; in flags and variables `on` and `off` do, too.

This page is written from the program's own table of settings.
";

/// The whole page.
fn reference() -> String {
    let mut page = INTRO.to_owned();
    let mut group: Option<Group> = None;
    for setting in settings() {
        if group.replace(setting.group) != Some(setting.group) {
            let _ = write!(page, "\n## {}\n\n", setting.group.heading());
            if matches!(setting.group, Group::Features(_)) {
                page.push_str("What a request gets that does not say otherwise.\n\n");
            }
            page.push_str("| TOML key | flag | variable | default | allowed | meaning |\n");
            page.push_str("|---|---|---|---|---|---|\n");
        }
        page.push_str(&row(&setting));
    }
    page
}

fn row(setting: &Setting) -> String {
    let Setting { name, help, unit, .. } = setting;
    let (flag, variable, default) = (setting.flag(), setting.variable(), default(setting));
    let list = if matches!(setting.kind, Kind::List(_)) { "list; each " } else { "" };
    let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
    let allowed = setting.allowed();
    format!("| `{name}` | `--{flag}` | `{variable}` | {default} | {list}{allowed} | {help}{unit} |\n")
}

fn default(setting: &Setting) -> String {
    match (setting.defaults().as_slice(), setting.kind) {
        ([], _) => setting.unset.to_owned(),
        ([bytes], Kind::Bytes { .. }) => format!("`{bytes}` ({})", human(bytes.parse().unwrap())),
        (texts, kind) => format!("`{}`", kind.toml(texts)),
    }
}

#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = reference();
    if env::var_os("SIFTD_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differs = page.lines().zip(written.lines()).find(|(line, written)| line != written);
    assert!(
        page == written,
        "docs/configuration.md is not what the settings say; first difference: {differs:?}. Write it anew with \
         SIFTD_BLESS=1 cargo test -p siftd reference"
    );
}
