//! All sources together.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Command, FromArgMatches};
use extract::ParamsBuilder;

use super::cache_url::CacheUrl;
use super::draft::Draft;
use super::kind::Kind;
use super::setting::{Secrecy, Setting};
use super::table::settings;
use super::{CacheConfig, Environment, ServeArguments, Settings, SettingsError, load};

/// A SHA-256.
const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Settings given in a file, in the environment and as flags.
#[derive(Debug, Default)]
struct Sources<'a> {
    file: Option<&'a str>,
    variables: &'a [(&'a str, &'a str)],
    flags: &'a [&'a str],
}

impl Sources<'_> {
    fn load(&self) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("siftd.toml");
        let config = self.file.map(|text| {
            fs::write(&path, text).unwrap();
            format!("--config={}", path.display())
        });
        let command = ServeArguments::augment_args(Command::new("siftd").no_binary_name(true));
        let flags = config.as_deref().into_iter().chain(self.flags.iter().copied());
        let matches = command.try_get_matches_from(flags).unwrap();
        let arguments = ServeArguments::from_arg_matches(&matches).unwrap();
        load(&arguments, &self.variables.iter().copied().collect())
    }

    /// Its error, with the folder of the file left out.
    fn error(&self) -> String {
        let error = self.load().unwrap_err().to_string();
        match error.split_once("siftd.toml") {
            Some((_, rest)) => format!("siftd.toml{rest}"),
            None => error,
        }
    }
}

fn file(text: &str) -> Sources<'_> {
    Sources { file: Some(text), ..Sources::default() }
}

fn flags<'a>(flags: &'a [&'a str]) -> Sources<'a> {
    Sources { flags, ..Sources::default() }
}

/// What is written for a default, or for what is like one where there is none.
fn examples(setting: &Setting) -> Vec<String> {
    let example = match setting.name {
        "admin_listen" => "[::1]:9000",
        "threads" | "rate_burst" => "3",
        "isa" => "avx2",
        "rate_limit" => "2.5",
        "api_key_hash" => HASH,
        "trusted_proxies" => "10.0.0.2",
        "cors_origins" => "https://example.org",
        "cache_ca" => "/etc/ssl/certs/ca.pem",
        _ => return setting.defaults(),
    };
    vec![example.to_owned()]
}

#[test]
fn flags_count_before_variables_before_the_file() {
    let mut sources = file("cache_ttl = 1\ndeadline = 2\nh = 3");
    sources.variables = &[("SIFTD_DEADLINE", "4"), ("SIFTD_H", "5")];
    sources.flags = &["--h", "6"];
    let settings = sources.load().unwrap();
    assert_eq!(settings.config.engine.deadline, Duration::from_secs(4));
    assert_eq!(settings.config.service.params.build().unwrap().query(&ParamsBuilder::default()), "h=6");
    let CacheConfig::Memory(memory) = settings.config.cache else { panic!("{:?}", settings.config.cache) };
    assert_eq!((memory.capacity_bytes, memory.ttl), (256 << 20, Duration::from_secs(1)));
}

#[test]
fn a_list_replaces_that_of_a_weaker_source() {
    let mut sources = file("cors_origins = ['https://a.example']\ntrusted_proxies = ['10.0.0.1', '::1']");
    sources.variables = &[("SIFTD_CORS_ORIGINS", "https://b.example, http://c.example:81")];
    let config = sources.load().unwrap().config.service;
    assert_eq!(config.cors_origins, ["https://b.example", "http://c.example:81"]);
    assert_eq!(config.trusted_proxies.len(), 2);
    let given = ["--cors-origins", "*", "--cors-origins", "https://d.example"];
    sources.flags = &given;
    assert_eq!(sources.load().unwrap().config.service.cors_origins, ["*", "https://d.example"]);
}

#[test]
fn the_environment_may_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    fs::write(&path, "listen = '0.0.0.0:1'").unwrap();
    let environment: Environment = [("SIFTD_CONFIG", path.as_os_str())].into_iter().collect();
    let settings = load(&ServeArguments::default(), &environment).unwrap();
    assert_eq!(settings.config.service.listen, SocketAddr::from(([0, 0, 0, 0], 1)));
    fs::remove_file(&path).unwrap();
    let error = load(&ServeArguments::default(), &environment).unwrap_err().to_string();
    let expected = "No such file or directory (os error 2)";
    assert_eq!(error, format!("cannot read the configuration {}: {expected}", path.display()));
}

#[test]
fn every_default_is_written_as_what_it_is() {
    let defaults = Sources::default().load().unwrap();
    assert_eq!(defaults.config.service, service::Config::default());
    assert_eq!(defaults.config.engine, engine::Config::default());
    assert!(defaults.warnings.is_empty());
    for setting in settings() {
        let texts = setting.defaults();
        assert_eq!(texts.is_empty(), !setting.unset.is_empty(), "{}", setting.name);
        let mut draft = Draft::default();
        setting.assign(&mut draft, &texts).unwrap();
        assert_eq!(draft.finish().unwrap(), defaults.config, "{}", setting.name);
    }
}

#[test]
fn every_setting_can_be_given_everywhere() {
    for setting in settings() {
        let texts = examples(&setting);
        let line = format!("{} = {}", setting.name, setting.kind.toml(&texts));
        let (variable, flag) = (setting.variable(), format!("--{}={}", setting.flag(), texts.concat()));
        let (rate_line, rate): (_, &[&str]) = match setting.name {
            "rate_burst" => ("rate_limit = 1\n", &["--rate-limit=1"]),
            _ => ("", &[]),
        };
        let by_file = file(&format!("{rate_line}{line}")).load().unwrap();
        let text = texts.concat();
        let variables = [(variable.as_str(), text.as_str())];
        let by_variable = Sources { file: None, variables: &variables, flags: rate }.load().unwrap();
        let by_flag = flags(&[&[flag.as_str()], rate].concat()).load().unwrap();
        assert_eq!(setting.texts(&by_file.draft), texts, "{}", setting.name);
        assert_eq!(by_variable.config, by_file.config, "{}", setting.name);
        assert_eq!(by_flag.config, by_file.config, "{}", setting.name);
    }
}

#[test]
fn every_bound_is_a_value_and_what_is_beyond_it_is_not() {
    for setting in settings() {
        let (within, beyond) = match setting.kind {
            Kind::Whole { least, most } | Kind::Bytes { least, most } => (
                [least, most].map(|bound| bound.to_string()),
                [(i128::from(least) - 1).to_string(), (most + 1).to_string()],
            ),
            Kind::Seconds { least, most } => (
                [least, most].map(|bound| bound.to_string()),
                [least - 0.001, most + 1.0].map(|bound| bound.to_string()),
            ),
            Kind::Number(_) | Kind::Switch | Kind::Text(_) | Kind::List(_) => continue,
        };
        for text in within {
            let texts = [text];
            assert_eq!(setting.assign(&mut Draft::default(), &texts), Ok(()), "{} {texts:?}", setting.name);
        }
        for text in beyond {
            let (flag, variable) = (format!("--{}={text}", setting.flag()), setting.variable());
            let error = format!(" is {text}, but must be {}", setting.allowed());
            assert_eq!(flags(&[&flag]).error(), format!("--{}{error}", setting.flag()));
            let variables = [(variable.as_str(), text.as_str())];
            let sources = Sources { variables: &variables, ..Sources::default() };
            assert_eq!(sources.error(), format!("{variable}{error}"));
            assert_eq!(
                file(&format!("{} = {text}", setting.name)).error(),
                format!("siftd.toml: {}{error}", setting.name)
            );
        }
    }
}

#[test]
fn a_file_that_cannot_be_is_told() {
    let cases = [
        ("cash = 'none:'", "siftd.toml: no setting is called cash; the nearest is cache"),
        ("cache-ttl = 1", "siftd.toml: no setting is called cache-ttl; the nearest is cache_ttl"),
        (
            "max_connections = '8'",
            "siftd.toml: max_connections is \"8\", but must be a whole number from 1 to 1000000",
        ),
        ("deadline = true", "siftd.toml: deadline is true, but must be seconds from 0.01 to 86400"),
        ("deadline = nan", "siftd.toml: deadline is NaN, but must be seconds from 0.01 to 86400"),
        ("access_log = 'on'", "siftd.toml: access_log is \"on\", but must be true or false"),
        (
            "cache_memory = 1.5",
            "siftd.toml: cache_memory is 1.5, but must be bytes from 1 MiB to 16 TiB, a whole number of them or of one of TiB, TB, GiB, \
             GB, MiB, MB, KiB, kB",
        ),
        ("foo = 1", "siftd.toml: no setting is called foo; siftd serve --print-config shows all there are"),
        ("sigma = 0", "siftd.toml: sigma is 0, but must be a number, from 0.1 to 32"),
        ("denoise = 'median'", "siftd.toml: denoise is median, but must be nlm or none"),
        ("isa = ''", "siftd.toml: isa is \"\", but must be scalar, avx2 or avx512"),
        (
            "trusted_proxies = '::1'",
            "siftd.toml: trusted_proxies is \"::1\", but must be an array, each an IP address, or one with the length of a prefix",
        ),
        (
            "trusted_proxies = ['::1', 2]",
            "siftd.toml: trusted_proxies is 2, but must be an array, each an IP address, or one with the length of a prefix",
        ),
        ("[cache]\nttl = 1", "siftd.toml: cache is { ttl = 1 }, but must be ALLOWED"),
    ];
    for (text, expected) in cases {
        assert_eq!(file(text).error(), expected.replace("ALLOWED", CacheUrl::ALLOWED));
    }
    assert_eq!(file("h = 1\nh = 2").error(), "siftd.toml, line 2: duplicate key");
    let error = file("\n\nlisten = 127.0.0.1\n").error();
    assert!(error.starts_with("siftd.toml, line 3: "), "{error}");
}

#[test]
fn flags_that_cannot_be_are_told() {
    let cases = [
        (
            "--listen=localhost",
            "--listen is localhost, but must be an address and a port, such as 127.0.0.1:8000 or [::]:8000",
        ),
        ("--cache=mysql://me:hunter2@host", "--cache is mysql://me:…@host, but must be ALLOWED"),
        ("--cache=", "--cache is \"\", but must be ALLOWED"),
        ("--rate-limit=0", "--rate-limit is 0, but must be a number, above 0 and at most 1000000"),
        ("--rate-limit=nan", "--rate-limit is nan, but must be a number, above 0 and at most 1000000"),
        (
            "--cors-origins=https://a.example/",
            "--cors-origins is https://a.example/, but must be an origin such as https://example.org, or * for all",
        ),
        (
            "--pixel-budget=49999999",
            "pixel_budget is 49999999, but must be at least max_pixels, which is 50000000",
        ),
        ("--body-budget=9MB", "body_budget is 9000000, but must be at least max_bytes, which is 10000000"),
        ("--rate-burst=5", "rate_burst is set, but rate_limit is not: set both or neither"),
        (
            "--admin-listen=127.0.0.1:8000",
            "listen and admin_listen are both 127.0.0.1:8000: give each its own address",
        ),
    ];
    for (flag, expected) in cases {
        assert_eq!(flags(&[flag]).error(), expected.replace("ALLOWED", CacheUrl::ALLOWED));
    }
}

#[test]
fn a_value_that_a_stronger_source_overrides_is_checked_all_the_same() {
    let mut sources = file("deadline = 0");
    sources.flags = &["--deadline=1"];
    assert_eq!(sources.error(), "siftd.toml: deadline is 0, but must be seconds from 0.01 to 86400");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_told() {
    use std::os::unix::ffi::OsStrExt;
    let variable = ("SIFTD_CACHE", std::ffi::OsStr::from_bytes(b"\xff"));
    let error = load(&ServeArguments::default(), &[variable].into_iter().collect()).unwrap_err();
    assert_eq!(error.to_string(), "SIFTD_CACHE is not UTF-8");
}

#[test]
fn the_burst_is_what_a_second_allows() {
    for (rate, burst) in [("0.5", 1), ("2.5", 2), ("1000000", 1_000_000)] {
        let limit = flags(&["--rate-limit", rate]).load().unwrap().config.service.rate_limit.unwrap();
        assert_eq!(limit.burst.get(), burst);
    }
}

#[test]
fn caches_are_what_their_urls_say() {
    let cache = |flag| flags(&[flag, "--cache-disk=1GiB"]).load().unwrap().config.cache;
    assert_eq!(cache("--cache=none:"), CacheConfig::None);
    let CacheConfig::Disk { disk, .. } = cache("--cache=disk:///var/cache/a b") else { panic!("no disk") };
    assert_eq!(disk.folder, std::path::Path::new("/var/cache/a b"));
    assert_eq!((disk.capacity_bytes, disk.ttl), (1 << 30, Duration::from_secs(3600)));
}

#[test]
fn what_is_printed_can_be_loaded_again() {
    let all: Vec<String> = settings()
        .filter(|setting| setting.secrecy == Secrecy::None)
        .map(|setting| format!("{} = {}", setting.name, setting.kind.toml(&examples(&setting))))
        .collect();
    let cases = [
        String::new(),
        all.join("\n"),
        "cors_origins = []\ncache = \"disk:///a \\\"b\\\" # c\"\ncache_ttl = 0.1e2\ndeadline = 0.123456789"
            .to_owned(),
        "denoise = 'none'\ntemplate_window = 6\nh = 1e-30\nedge_threshold = 1e300\nprecise_upscale = true"
            .to_owned(),
        "cache_memory = '1 GiB'\naccess_log = false\nrate_limit = 1e-7\ndescriptor = 'rootsift'".to_owned(),
    ];
    for text in cases {
        let settings = file(&text).load().unwrap();
        let printed = settings.to_string();
        let again = file(&printed).load().unwrap_or_else(|error| panic!("{error}: {printed}"));
        assert_eq!(again.config, settings.config, "{printed}");
    }
}

#[test]
fn where_settings_come_from_is_printed() {
    let mut sources = file("cache_ttl = 60");
    sources.variables = &[("SIFTD_CACHE_MEMORY", "1GiB")];
    sources.flags = &["--cache", "none:"];
    let printed = sources.load().unwrap().to_string();
    let lines: Vec<&str> = printed.lines().collect();
    for line in [
        "# Cache",
        "cache = \"none:\" # --cache",
        "cache_memory = 1073741824 # SIFTD_CACHE_MEMORY",
        "cache_disk = 4294967296 # default",
        "# threads is not set: all that the process may use",
        "sigma = 1.6 # default",
    ] {
        assert!(lines.contains(&line), "{line} is not in {printed}");
    }
    assert!(printed.contains("\ncache_ttl = 60 # file \"/"), "{printed}");
    assert!(printed.contains("siftd.toml\"\n"), "{printed}");
}

#[test]
fn secrets_are_not_told() {
    let sources = [("SIFTD_API_KEY_HASH", HASH)];
    let sources = Sources { variables: &sources, ..Sources::default() };
    let settings = sources.load().unwrap();
    assert_eq!(settings.config.service.api_keys, [HASH.parse().unwrap()]);
    let printed = settings.to_string();
    assert!(printed.contains("\napi_key_hash = [\"01234567…\"] # SIFTD_API_KEY_HASH\n"), "{printed}");
    let error = "api_key_hash is [not shown, as it is secret], but must be an array, each a SHA-256: 64 hex digits, with \
                 or without sha256: before them";
    assert_eq!(file("api_key_hash = ['hunter2']").error(), format!("siftd.toml: {error}"));
    assert_eq!(file("api_key_hash = 'hunter2'").error(), format!("siftd.toml: {error}"));
}

#[test]
fn passwords_of_caches_are_not_told() {
    let sources = [("SIFTD_CACHE", "redis://siftd:hunter2@cache:6380/1")];
    let sources = Sources { variables: &sources, ..Sources::default() };
    let settings = sources.load().unwrap();
    assert!(!format!("{:?}", settings.config.cache).contains("hunter2"));
    let printed = settings.to_string();
    assert!(printed.contains("\ncache = \"redis://siftd:…@cache:6380/1\" # SIFTD_CACHE\n"), "{printed}");
    let error = file("cache = 'redis://siftd:hunter2@cache:x'").error();
    assert!(error.contains("redis://siftd:…@cache:x") && !error.contains("hunter2"), "{error}");
    // As a file of secrets has it that was read with the end of its line.
    let sources = [("SIFTD_CACHE", "redis://siftd:hunter2@cache\n")];
    let error = Sources { variables: &sources, ..Sources::default() }.error();
    assert!(error.contains(r#""redis://siftd:…@cache\n""#) && !error.contains("hunter2"), "{error}");
}
