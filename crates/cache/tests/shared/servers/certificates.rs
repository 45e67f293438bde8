use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// An authority, and the certificate of a server on this host that it signed.
#[derive(Debug)]
pub(crate) struct Certificates {
    folder: TempDir,
}

impl Certificates {
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n").unwrap();
        let steps = [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout key.pem -out request.pem",
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
        ];
        for step in steps {
            let output = Command::new("openssl").args(step.split(' ')).current_dir(folder.path()).output();
            let output =
                output.unwrap_or_else(|error| panic!("cannot run openssl: {error}; apt-get install openssl"));
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn authority(&self) -> Vec<u8> {
        fs::read(self.path("ca.pem")).unwrap()
    }

    /// What the server proves by who it is, and its key.
    pub(crate) fn of_server(&self) -> [PathBuf; 2] {
        ["server.pem", "key.pem"].map(|name| self.path(name))
    }

    /// What `redis-server` needs to speak TLS at a port.
    pub(crate) fn options(&self, port: u16) -> Vec<String> {
        let path = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let options = [
            ("--tls-port", port.to_string()),
            ("--tls-cert-file", path("server.pem")),
            ("--tls-key-file", path("key.pem")),
            ("--tls-ca-cert-file", path("ca.pem")),
            ("--tls-auth-clients", "no".to_owned()),
        ];
        options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }
}
