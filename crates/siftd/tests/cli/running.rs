//! Runs of the binary, and the pictures they are given.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).unwrap();
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }
}

impl Ran {
    /// Standard output of a run that went well and said nothing else.
    pub(crate) fn ok(self) -> Vec<u8> {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""));
        self.stdout
    }

    /// Lines of standard output, each a JSON document.
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        let text = std::str::from_utf8(&self.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks the exit code, and that standard error is these lines and no more.
    #[track_caller]
    pub(crate) fn assert_failed(&self, code: i32, errors: &[&str]) {
        let lines: Vec<_> = self.stderr.lines().collect();
        assert_eq!((self.code, lines.as_slice()), (Some(code), errors));
    }
}

/// The binary, in a folder of the test's own, and without settings from around.
pub(crate) fn siftd(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_siftd"));
    for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"SIFTD_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

/// Runs the binary in a folder.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Ran {
    siftd(folder, arguments).output().unwrap().into()
}

/// Runs the binary with these bytes on standard input.
pub(crate) fn run_with_stdin(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Ran {
    let mut command = siftd(folder, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // The binary may close its end early, as it does beyond --max-bytes.
        scope.spawn(move || drop(pipe.write_all(stdin)));
        child.wait_with_output().unwrap().into()
    })
}

/// A fixture of the decoders: 30 x 22 px, no ending in its name.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    read(&format!("crates/extract/tests/golden/decode/{name}"))
}

/// A sample photograph.
pub(crate) fn picture(name: &str) -> Vec<u8> {
    read(&format!("testdata/pictures/{name}"))
}

fn read(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A small picture with a keypoint.
pub(crate) fn small() -> Vec<u8> {
    fixture("ok/png-rgb-8")
}

/// A folder with these files, sub-folders made as needed.
pub(crate) fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// All files below a folder, hidden ones too, in order.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}
