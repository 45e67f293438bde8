//! What an answer takes in a cache.

use cache::Key;
use capacity::profile::StoredSize;
use extract::{ENGINE_VERSION, Params};

use super::ProfileError;
use super::computing::Worker;
use super::memory::line;
use super::photographs::Class;

/// The stored forms of all pictures, over their keypoints.
pub(super) fn measure(classes: &[Class], params: &Params) -> Result<StoredSize, ProfileError> {
    let mut worker = Worker::new(params, 1);
    let mut points = Vec::new();
    for photograph in classes.iter().flat_map(|class| &class.photographs) {
        let computed = worker.compute(photograph)?;
        points.push((computed.keypoints as f64, computed.stored as f64));
    }
    let (bytes_per_keypoint, fixed_bytes) = match points.as_slice() {
        // All have as many keypoints: the header is known, the rest is theirs.
        [(keypoints, stored), others @ ..] if others.iter().all(|other| other.0 == *keypoints) => {
            let header = extract::siftd::HEADER_LENGTH as f64;
            ((stored - header) / keypoints.max(1.0), header)
        }
        points => line(points),
    };
    let key = Key { engine_version: ENGINE_VERSION, fingerprint: params.fingerprint(), digest: [0; 32] };
    Ok(StoredSize { fixed_bytes, bytes_per_keypoint, key_bytes: key.to_string().len() as f64 })
}
