//! Throughput of one message, of several together, and of the `sha2` crate: `cargo bench -p sha256`.

use std::hint::black_box;
use std::time::Instant;

use sha2::{Digest, Sha256};

const ROUNDS: usize = 15;

/// Bytes hashed in each round, whatever the length of the message.
const BYTES: usize = 32 << 20;

/// How many messages are hashed together.
const TOGETHER: [usize; 8] = [2, 4, 5, 6, 7, 8, 12, 16];

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
    println!(
        "medians of {ROUNDS}, GB/s: one message, and several at the same time; at best {}",
        sha256::together(99)
    );
    println!("{:>9}  {:>6}  {:>6}  {TOGETHER:>6?}", "bytes", "sha2", "digest");
    for len in [1_000, 20_000, 197_000, 2_000_000] {
        let messages: Vec<Vec<u8>> =
            (0..16).map(|seed| (0..len).map(|at| (at * (2 * seed + 7)) as u8).collect()).collect();
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let theirs = throughput(len, || {
            black_box(Sha256::digest(black_box(messages[0])));
        });
        let one = throughput(len, || {
            black_box(sha256::digest(black_box(messages[0])));
        });
        let several = TOGETHER.map(|count| {
            throughput(count * len, || {
                black_box(sha256::digests(black_box(&messages[..count])));
            })
        });
        println!("{len:>9}  {theirs:>6.2}  {one:>6.2}  {several:>6.2?}");
    }
}
