use std::io;
use std::sync::{Arc, Condvar, Mutex};

use serde_json::Value;

use super::PATIENCE;

/// Where a service's log goes, to be read while it is written.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<(Mutex<Vec<u8>>, Condvar)>);

impl Log {
    /// Waits for lines that are as they should be, as many as asked for, and returns them.
    #[track_caller]
    pub(crate) fn wait_for(&self, count: usize, is_wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let (written, changed) = &*self.0;
        let mut found = Vec::new();
        let missing = |written: &mut Vec<u8>| {
            found = lines(written).filter(&is_wanted).collect();
            found.len() < count
        };
        let (written, timeout) =
            changed.wait_timeout_while(written.lock().unwrap(), PATIENCE, missing).unwrap();
        assert!(!timeout.timed_out(), "{}", written.escape_ascii());
        found
    }

    /// The line of the request with this identity.
    #[track_caller]
    pub(crate) fn request(&self, id: &str) -> Value {
        self.wait_for(1, |line| line["request_id"] == id).remove(0)
    }

    /// All lines that are written.
    pub(crate) fn lines(&self) -> Vec<Value> {
        lines(&self.0.0.lock().unwrap()).collect()
    }
}

/// Whole lines only: the last may still be written.
fn lines(written: &[u8]) -> impl Iterator<Item = Value> {
    let whole = written.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let lines = written[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap())
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.0.lock().unwrap().extend_from_slice(bytes);
        self.0.1.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
