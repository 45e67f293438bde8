use std::path::PathBuf;

use clap::Args;

use super::backend::Backend;
use crate::settings::Secret;

#[derive(Debug, Args)]
#[command(
    after_help = "Settings are read as siftd serve reads them: from SIFTD_* variables and the file. Exit code: 0 without errors \
                        (warnings may be), 1 with errors, 2 for wrong usage or settings."
)]
pub(crate) struct DoctorArguments {
    /// TOML file of settings of the service; SIFTD_CONFIG names it, too
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A server to look at beside that of the settings: redis://, rediss://, redis-cluster://HOST,HOST, memcached:// or
    /// postgres://; may be repeated
    #[arg(long, value_name = "URL", value_parser = Secret(str::parse::<Backend>))]
    pub(super) cache: Vec<Backend>,
    /// Print the findings as JSON
    #[arg(long)]
    pub(super) json: bool,
}
