//! `siftd doctor`: whether host and backends are fit for a service, and what mends what is not.

mod arguments;
mod backend;
mod cgroup;
mod clock;
mod disk;
mod finding;
mod huge_pages;
mod memcached;
mod open_files;
mod postgres;
mod reach;
mod redis;
mod report;
mod somaxconn;
mod stolen;
mod swap;
#[cfg(test)]
mod tests;

pub(crate) use arguments::DoctorArguments;
use backend::Backend;
use finding::{Finding, Severity};

use crate::error::Error;
use crate::host::Host;
use crate::outcome::Outcome;
use crate::outputs;
use crate::settings::{self, CacheConfig, Environment, ServeArguments, ServeConfig};

/// Checks and tells. It fails where something was found that is an error; `Err` for settings that cannot be.
pub(crate) fn run(arguments: &DoctorArguments) -> Result<Outcome, Error> {
    let given = ServeArguments::of_file(arguments.config.clone());
    let settings = settings::load(&given, &Environment::of_process())?;
    let host = Host::this();
    let mut findings: Vec<_> = settings.warnings.iter().map(of_settings).collect();
    findings.extend(findings_of_host(&host, &settings.config));
    let authorities = match &settings.config.cache {
        CacheConfig::Shared { authorities, .. } => authorities.as_deref(),
        _ => None,
    };
    let own = settings.shared_cache().map(|(server, url)| Backend::of(server.clone(), url.to_owned()));
    let backends = own.iter().filter(|own| !arguments.cache.contains(own)).chain(&arguments.cache);
    findings.extend(backends.flat_map(|backend| backend::check(backend, &host, authorities)));
    let printed = if arguments.json {
        outputs::json(&report::Report::new(&findings))?
    } else {
        report::text(&findings)
    };
    outputs::print(printed.as_bytes())?;
    Ok(Outcome::done_if(findings.iter().all(|finding| finding.severity < Severity::Error)))
}

/// What `siftd serve` warns of, too.
fn of_settings(warning: &String) -> Finding {
    let why = "the service is not set as it seems to be";
    Finding::warning("settings", warning, why, "siftd serve --print-config (tells what is set, and by what)")
}

/// What all checks of the host find, in their order.
fn findings_of_host(host: &Host, config: &ServeConfig) -> Vec<Finding> {
    let mut findings = vec![
        open_files::check(host, config.service.bounds.connections.get() as u64),
        somaxconn::check(host),
        swap::check(host),
    ];
    findings.extend(cgroup::check(host, config));
    findings.push(huge_pages::check(host));
    findings.push(clock::check(host));
    findings.push(stolen::check(host));
    if let CacheConfig::Disk { disk, .. } = &config.cache {
        findings.extend(disk::check(&disk.folder, disk.capacity_bytes));
    }
    findings
}
