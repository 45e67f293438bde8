//! Throughput of one message, of two together, and of the `sha2` crate: `cargo bench -p sha256`.

use std::hint::black_box;
use std::time::Instant;

use sha2::{Digest, Sha256};

const ROUNDS: usize = 15;

/// Bytes hashed in each round, whatever the length of the message.
const BYTES: usize = 32 << 20;

/// GB/s of a call that hashes `bytes` bytes: the median of all rounds.
fn throughput(bytes: usize, mut hash: impl FnMut()) -> f64 {
    let calls = BYTES / bytes;
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..calls {
                hash();
            }
            (calls * bytes) as f64 / started.elapsed().as_secs_f64() / 1e9
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn main() {
    println!("medians of {ROUNDS}, GB/s; two lanes: {}", sha256::interleaves());
    println!("{:>9}  {:>6}  {:>6}  {:>11}  share of the time", "bytes", "sha2", "digest", "digest_pair");
    for len in [1_000, 20_000, 197_000, 2_000_000] {
        let first: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
        let second: Vec<u8> = (0..len).map(|i| (i * 13) as u8).collect();
        let theirs = throughput(len, || {
            black_box(Sha256::digest(black_box(&first)));
        });
        let one = throughput(len, || {
            black_box(sha256::digest(black_box(&first)));
        });
        let two = throughput(2 * len, || {
            black_box(sha256::digest_pair(black_box([&first, &second])));
        });
        println!("{len:>9}  {theirs:>6.2}  {one:>6.2}  {two:>11.2}  {:.2}", one / two);
    }
}
