//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use clap::{Args, Parser, Subcommand};
use extract::{Extractor, InstructionSet, Limits, OutputFormat};

use crate::cache_bench::CacheBenchArguments;
use crate::doctor::DoctorArguments;
use crate::health::HealthArguments;
use crate::load::LoadArguments;
use crate::params::{DenoiseArguments, FeatureArguments};
use crate::plan::PlanArguments;
use crate::profile::ProfileArguments;
use crate::settings::ServeArguments;
use crate::settings::quantity;

/// SIFT features of images, exactly as OpenCV computes them, many times faster.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find keypoints and describe them
    Detect(DetectArguments),
    /// Write the denoised picture that features are sought in
    Denoise(DenoiseCommandArguments),
    /// Serve features over HTTP
    Serve(ServeArguments),
    /// Ask a running service whether it takes requests: exit code 0 if it does, 1 if not
    Health(HealthArguments),
    /// Send load to a running service with a controlled share of cache hits, and measure latencies
    Load(LoadArguments),
    /// Check host and backends for a service, and tell what mends what is wrong
    Doctor(DoctorArguments),
    /// Measure service times, costs and memory of siftd on this machine, for `siftd plan`
    Profile(ProfileArguments),
    /// What a workload needs, what it costs and what gives first, from a profile of this machine or a running service
    Plan(PlanArguments),
    /// Measure caches and print the decision matrix: speed, scale, bytes of an entry, what survives a crash
    CacheBench(CacheBenchArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DetectArguments {
    /// Images, folders of images, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// What to write: summary, json, npz, colmap or siftd [default: npz or siftd where OUT is a file that ends so, else summary]
    #[arg(long)]
    pub(crate) format: Option<OutputFormat>,
    /// File for one image, folder for several (or ending in /); standard output if - or left out
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArguments,
    #[command(flatten)]
    pub(crate) features: FeatureArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DenoiseCommandArguments {
    /// An image, or - for standard input
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// PNG file to write, or - for standard output
    #[arg(short, long, value_name = "OUT.png")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArguments,
    #[command(flatten)]
    pub(crate) denoise: DenoiseArguments,
}

/// What does not change the result.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Threads: over images where there are several, within the image where there is one [default: all that this
    /// process may use]
    #[arg(long, value_name = "N", value_parser = thread_count, allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
    /// Strongest instruction set to use: scalar, avx2 or avx512 [default: the strongest of this machine]
    #[arg(long, value_name = "SET", env = "SIFTD_ISA")]
    isa: Option<InstructionSet>,
    /// Refuse larger files, bytes
    #[arg(long, default_value = "100MB", value_name = "BYTES", value_parser = quantity::bytes_above_0)]
    max_bytes: u64,
    /// Refuse pictures of more pixels
    #[arg(long, default_value_t = 100_000_000, value_name = "N")]
    max_pixels: u64,
}

/// As many as the service may have.
const MOST_THREADS: usize = 1024;

fn thread_count(value: &str) -> Result<NonZeroUsize, &'static str> {
    let threads = value.parse().ok().filter(|threads: &NonZeroUsize| threads.get() <= MOST_THREADS);
    threads.ok_or("must be a whole number from 1 to 1024")
}

impl RunArguments {
    pub(crate) fn threads(&self) -> NonZeroUsize {
        self.threads.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    /// An extractor that keeps to the instruction set.
    pub(crate) fn extractor(&self) -> Extractor {
        self.isa.map_or_else(Extractor::new, Extractor::with_instruction_set)
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { max_bytes: self.max_bytes, max_pixels: self.max_pixels }
    }
}
