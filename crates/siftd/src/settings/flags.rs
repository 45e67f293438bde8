//! Settings from flags of the command line.

use std::path::{Path, PathBuf};

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::kind::Kind;
use super::setting::Setting;
use super::source::{Given, Source};
use super::table::{named, settings};

const CONFIG: &str = "config";
const PRINT_CONFIG: &str = "print_config";

/// The flags of `siftd serve`.
#[derive(Debug, Default)]
pub(crate) struct ServeArguments {
    config: Option<PathBuf>,
    print_config: bool,
    /// Settings that were given, with their values.
    given: Vec<(Setting, Vec<String>)>,
}

impl ServeArguments {
    /// Those alone that say where a service listens.
    pub(crate) fn listening(
        config: Option<PathBuf>,
        listen: Option<String>,
        admin_listen: Option<String>,
    ) -> Self {
        let given = [("listen", listen), ("admin_listen", admin_listen)];
        let given = given.into_iter().filter_map(|(name, text)| Some((named(name)?, vec![text?])));
        Self { config, print_config: false, given: given.collect() }
    }

    /// A configuration file, or none, and no flags.
    pub(crate) fn of_file(config: Option<PathBuf>) -> Self {
        Self { config, ..Self::default() }
    }

    /// The configuration file that they name.
    pub(crate) fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Whether to show the settings in place of serving.
    pub(crate) fn print_config(&self) -> bool {
        self.print_config
    }

    pub(crate) fn given(&self) -> impl Iterator<Item = Given> {
        self.given.iter().map(|(setting, texts)| Given {
            setting: *setting,
            texts: texts.clone(),
            source: Source::Flags,
        })
    }
}

impl Args for ServeArguments {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new(CONFIG)
            .long("config")
            .value_name("FILE")
            .value_parser(ValueParser::path_buf())
            .help("TOML file of settings; SIFTD_CONFIG names it, too");
        let print_config = Arg::new(PRINT_CONFIG).long("print-config").action(ArgAction::SetTrue).help(
            "Print the settings, each with where it comes from, in place of serving; secrets are masked",
        );
        command.args([config, print_config]).args(settings().map(|setting| argument(&setting))).after_help(
            "Each setting is also a key of the file (--cache-ttl is cache_ttl) and an environment variable \
             (SIFTD_CACHE_TTL). A flag counts before the variable, the variable before the file. Bytes may have a \
             unit (10 MB, 256 MiB). Flags of lists may be repeated.",
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ServeArguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = settings().filter_map(|setting| {
            Some((setting, matches.get_many::<String>(setting.name)?.cloned().collect()))
        });
        Ok(Self {
            config: matches.get_one::<PathBuf>(CONFIG).cloned(),
            print_config: matches.get_flag(PRINT_CONFIG),
            given: given.collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The flag of a setting. Its value is checked with those from elsewhere, in the same words.
fn argument(setting: &Setting) -> Arg {
    let argument = Arg::new(setting.name)
        .long(setting.flag())
        .help(help(setting))
        .help_heading(setting.group.heading())
        .value_name(value_name(setting));
    match setting.kind {
        Kind::List(_) => argument.action(ArgAction::Append),
        Kind::Text(_) => argument,
        Kind::Switch => argument.num_args(0..=1).require_equals(true).default_missing_value("true"),
        Kind::Whole { .. } | Kind::Number(_) | Kind::Seconds { .. } | Kind::Bytes { .. } => {
            argument.allow_negative_numbers(true)
        }
    }
}

fn value_name(setting: &Setting) -> String {
    match setting.kind {
        Kind::Whole { .. } if setting.unit == "px" => "PX".to_owned(),
        Kind::Whole { .. } => "N".to_owned(),
        Kind::Seconds { .. } => "SECONDS".to_owned(),
        Kind::Bytes { .. } => "BYTES".to_owned(),
        Kind::Switch => "true|false".to_owned(),
        Kind::Number(_) | Kind::Text(_) | Kind::List(_) => setting.name.to_uppercase(),
    }
}

fn help(setting: &Setting) -> String {
    let unit = if setting.unit.is_empty() { String::new() } else { format!("{}, ", setting.unit) };
    let defaults = setting.defaults();
    let default = if defaults.is_empty() { setting.unset.to_owned() } else { defaults.join(", ") };
    format!("{} ({unit}{}) [default: {default}]", setting.help, setting.allowed())
}
