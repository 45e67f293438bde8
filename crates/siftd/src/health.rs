//! `siftd health`: whether a service takes requests, for compose files and images that have no curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::error::Error;
use crate::http::{self, Answer};
use crate::outcome::Outcome;
use crate::settings::{self, Environment, ServeArguments};
use crate::stderr;

/// The settings of the service that say where it listens, from the same sources.
#[derive(Debug, Args)]
pub(crate) struct HealthArguments {
    /// TOML file of the service's settings; SIFTD_CONFIG names it, too
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address of the service [default: as its settings say, 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address for metrics and probes [default: as its settings say, the address of the service]
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<String>,
    /// How long to wait for the answer, s
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Asks, and tells on standard error why the answer is no; `Err` for settings that cannot be.
pub(crate) fn run(arguments: HealthArguments) -> Result<Outcome, Error> {
    let HealthArguments { config, listen, admin_listen, timeout } = arguments;
    let arguments = ServeArguments::listening(config, listen, admin_listen);
    let service = settings::load(&arguments, &Environment::of_process())?.config.service;
    let address = reachable(service.admin_listen.unwrap_or(service.listen));
    let reason = match http::get(address, "/health/ready", Duration::from_secs(timeout)) {
        Ok(Answer { status: 200, .. }) => return Ok(Outcome::Done),
        Ok(Answer { status, .. }) => format!("is not ready: it answers {status}"),
        Err(error) => format!("does not answer: {error}"),
    };
    stderr::tell(format_args!("the service at {address} {reason}"));
    Ok(Outcome::Failed)
}

/// A service that listens everywhere is asked on this host.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
