use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cache::PostgresConfig;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use super::{Certificates, Process, free_port, until};

/// PostgreSQL does not run as root: `nobody`.
const NOBODY: u32 = 65_534;

/// Who may do everything.
const OWNER: &str = "siftd";

/// A `postgres` in a folder of its own.
#[derive(Debug)]
pub(crate) struct PostgresServer {
    pub(crate) process: Process,
    port: u16,
    _folder: TempDir,
}

impl PostgresServer {
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::start_in(own_folder(), options)
    }

    /// One that takes connections over TLS, too.
    pub(crate) fn start_tls(certificates: &Certificates) -> Self {
        let folder = own_folder();
        let [certificate, key] = certificates.of_server().map(|file| {
            let copy = folder.path().join(file.file_name().unwrap());
            fs::copy(file, &copy).unwrap();
            chown(&copy, user(), user()).unwrap();
            copy.to_str().unwrap().to_owned()
        });
        let files = [format!("ssl_cert_file={certificate}"), format!("ssl_key_file={key}")];
        Self::start_in(folder, &["-c", "ssl=on", "-c", &files[0], "-c", &files[1]])
    }

    fn start_in(folder: TempDir, options: &[&str]) -> Self {
        let (programs, user) = (programs(), user());
        let data = folder.path().join("data");
        initialise(&programs, &data, user);
        let port = free_port();
        let (port_text, path) = (port.to_string(), data.to_str().unwrap());
        let base = ["-D", path, "-p", &port_text, "-k", path, "-c", "listen_addresses=127.0.0.1"];
        let arguments: Vec<&str> = base.iter().chain(options).copied().collect();
        let program = programs.join("postgres").to_str().unwrap().to_owned();
        let process = Process::start(program, "postgresql", arguments, user, port);
        let server = Self { process, port, _folder: folder };
        until("PostgreSQL serves", || {
            let mut ready = Command::new(programs.join("pg_isready"));
            ready.args(["-q", "-h", "127.0.0.1", "-p", &port_text]).status().unwrap().success()
        });
        server
    }

    pub(crate) fn config(&self) -> PostgresConfig {
        self.config_of(OWNER)
    }

    pub(crate) fn config_of(&self, user: &str) -> PostgresConfig {
        PostgresConfig::new(&self.url(user)).unwrap()
    }

    /// Over TLS, of a server whose certificate one of these authorities signed.
    pub(crate) fn config_tls(&self, authorities: Vec<u8>) -> PostgresConfig {
        let mut config = PostgresConfig::new(&format!("{}?sslmode=require", self.url(OWNER))).unwrap();
        config.authorities = Some(authorities);
        config
    }

    pub(crate) fn url(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres", self.port)
    }

    /// A connection of its own.
    pub(crate) async fn client(&self) -> Client {
        loop {
            if let Ok((client, driver)) = tokio_postgres::connect(&self.url(OWNER), NoTls).await {
                tokio::spawn(driver);
                return client;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Who it runs as, if not as whoever starts it.
fn user() -> Option<u32> {
    rustix::process::geteuid().is_root().then_some(NOBODY)
}

/// A folder of its user's.
fn own_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    chown(folder.path(), user(), user()).unwrap();
    folder
}

fn initialise(programs: &Path, data: &Path, user: Option<u32>) {
    let mut command = Command::new(programs.join("initdb"));
    command.args(["--no-sync", "--auth=trust", "--username=siftd", "--encoding=UTF8", "--locale=C", "-D"]);
    command.arg(data).stdin(Stdio::null()).current_dir("/");
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Where Debian has the programs of the latest version that is installed.
fn programs() -> PathBuf {
    let versions =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().map(|entry| entry.unwrap().path());
    let programs = versions.map(|version| version.join("bin")).filter(|bin| bin.join("initdb").exists());
    programs.max().expect("PostgreSQL is missing: apt-get install postgresql")
}
