//! The settings of `siftd serve`: where they come from, and what they cannot be.

use crate::running::{Ran, folder, run, siftd};

/// What is printed with these arguments.
fn printed(ran: Ran) -> String {
    String::from_utf8(ran.ok()).unwrap()
}

#[test]
fn settings_are_printed_with_their_sources() {
    let file = "cache_ttl = 60\ncache_memory = '1 GiB'\ndeadline = 5\n";
    let folder = folder(&[("siftd.toml", file.into())]);
    let arguments = ["serve", "--print-config", "--deadline", "7.5", "--cors-origins", "*"];
    let mut command = siftd(folder.path(), &arguments);
    command.env("SIFTD_CONFIG", "siftd.toml").env("SIFTD_CACHE_MEMORY", "2GiB").env("SIFTD_DEADLINE", "6");
    let first = printed(command.output().unwrap().into());
    for line in [
        "listen = \"127.0.0.1:8000\" # default",
        "cache_ttl = 60 # file \"siftd.toml\"",
        "cache_memory = 2147483648 # SIFTD_CACHE_MEMORY",
        "deadline = 7.5 # --deadline",
        "cors_origins = [\"*\"] # --cors-origins",
    ] {
        assert!(first.lines().any(|printed| printed == line), "{line} is not in {first}");
    }

    std::fs::write(folder.path().join("again.toml"), &first).unwrap();
    let again = printed(run(folder.path(), &["serve", "--print-config", "--config", "again.toml"]));
    let values = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(" # ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(values(&first), values(&again));
}

#[test]
fn a_setting_out_of_range_is_told_with_its_range() {
    let folder = folder(&[]);
    let cases = [
        (
            ["--max-connections", "0"],
            "error: --max-connections is 0, but must be a whole number from 1 to 1000000",
        ),
        (["--cache-ttl", "-1"], "error: --cache-ttl is -1, but must be seconds from 1 to 315360000"),
        (["--sigma", "33"], "error: --sigma is 33, but must be a number, from 0.1 to 32"),
        (
            ["--cache", "mysql://localhost"],
            "error: --cache is mysql://localhost, but must be memory://, disk:///absolute/path, redis://host:port/database, rediss:// (TLS), redis-cluster://host,host, redis-sentinel://host,host/name, memcached://host,host, postgres://user:password@host/database or none:",
        ),
    ];
    for (flag, error) in cases {
        run(folder.path(), &[&["serve"], flag.as_slice()].concat()).assert_failed(2, &[error]);
    }
}

#[test]
fn a_file_that_cannot_be_is_told() {
    let folder = folder(&[("a.toml", b"cach = 'none:'".to_vec()), ("b.toml", b"h = 'x'".to_vec())]);
    let failed = |file: &str, error: &str| {
        run(folder.path(), &["serve", "--config", file]).assert_failed(2, &[error]);
    };
    failed("a.toml", "error: a.toml: no setting is called cach; the nearest is cache");
    failed("b.toml", "error: b.toml: h is \"x\", but must be a number, finite and at least 0");
    failed(
        "none.toml",
        "error: cannot read the configuration none.toml: No such file or directory (os error 2)",
    );
}

#[test]
fn variables_that_cannot_be_are_told() {
    let folder = folder(&[]);
    let arguments = ["serve", "--print-config"];
    let bad: Ran = siftd(folder.path(), &arguments).env("SIFTD_THREADS", "all").output().unwrap().into();
    bad.assert_failed(2, &["error: SIFTD_THREADS is all, but must be a whole number from 1 to 1024"]);

    let mut command = siftd(folder.path(), &arguments);
    command
        .env("SIFTD_LISTN", "x")
        .env("SIFTD_SERVICE_HOST", "10.0.0.1")
        .env("SIFTD_PORT", "tcp://10.0.0.1:80");
    let unknown: Ran = command.output().unwrap().into();
    let warning = "siftd: the variable SIFTD_LISTN is ignored: it is no setting; the nearest is SIFTD_LISTEN";
    unknown.assert_failed(0, &[warning]);
}

#[test]
fn the_help_has_all_settings() {
    let folder = folder(&[]);
    let help = printed(run(folder.path(), &["serve", "--help"]));
    for text in
        ["--cache-ttl <SECONDS>", "--api-key-hash", "Denoising:", "--octave-layers", "SIFTD_CACHE_TTL"]
    {
        assert!(help.contains(text), "{text} is not in {help}");
    }
}
