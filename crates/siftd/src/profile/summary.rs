use std::fmt::{self, Write};

use capacity::Profile;
use capacity::profile::{Clients, RequestProfile};

/// What a person wants to see of a profile.
pub(super) fn text(profile: &Profile) -> String {
    let mut text = String::new();
    // A string takes everything.
    let _ = computing(&mut text, profile);
    let _ = requests(&mut text, profile);
    let _ = contention(&mut text, profile);
    let _ = memory(&mut text, profile);
    text
}

fn computing(text: &mut String, profile: &Profile) -> fmt::Result {
    let machine = &profile.machine;
    writeln!(
        text,
        "{} cores of {}, {}; the host took {:.1} % of the processor time meanwhile\n",
        machine.cores,
        machine.cpu,
        machine.instruction_set,
        100.0 * profile.stolen
    )?;
    writeln!(text, "{:44} {:>9} {:>9} {:>9} {:>9}", "service time, ms", "mean", "p50", "p99", "stdev")?;
    for picture in &profile.pictures {
        for run in &picture.runs {
            let service = &run.service;
            let name = format!("{}, {} thread(s)", picture.name, run.threads);
            let times =
                [service.mean, service.quantile(0.5), service.quantile(0.99), service.variance.sqrt()];
            let [mean, p50, p99, stdev] = times.map(|seconds| seconds * 1e3);
            writeln!(text, "{name:44} {mean:9.2} {p50:9.2} {p99:9.2} {stdev:9.2}")?;
        }
    }
    writeln!(text)
}

fn requests(text: &mut String, profile: &Profile) -> fmt::Result {
    let requests = &profile.requests;
    let cost = |request: &RequestProfile| {
        let [cpu, alone] = [request.cpu_seconds, request.alone.mean].map(|seconds| seconds * 1e6);
        format!("{cpu:.1} us of processor time; {alone:.0} us alone")
    };
    for (what, requests) in [("upload hit", &requests.upload_hits), ("GET hit", &requests.get_hits)] {
        for request in requests {
            writeln!(text, "{what}, {:.0} KB: {}", request.bytes / 1e3, cost(request))?;
        }
    }
    for (backend, lookup) in &requests.shared_lookups {
        writeln!(text, "lookup in {backend}: {}", cost(lookup))?;
    }
    for hits in &requests.hits_beside {
        let clients = match hits.clients {
            Clients::Apart => "apart",
            Clients::Beside => "beside",
        };
        let [p50, p99] = [0.5, 0.99].map(|share| hits.latency.quantile(share) * 1e3);
        writeln!(
            text,
            "hits at {:.0}/s, {} processor(s), {} computing, clients {clients}: {:.0} us of processor time; p50 {p50:.2} ms, p99 {p99:.2} ms",
            hits.rate,
            hits.processors,
            hits.computing,
            hits.cpu_seconds * 1e6
        )?;
    }
    Ok(())
}

fn contention(text: &mut String, profile: &Profile) -> fmt::Result {
    let contention = &profile.contention;
    for (what, curve) in
        [("across pictures", &contention.across_pictures), ("within a picture", &contention.within_picture)]
    {
        let law = &curve.law;
        let rates = curve.points.iter().map(|point| format!("{:.1} ({})", point.per_second, point.n));
        let rates = rates.collect::<Vec<_>>().join(", ");
        writeln!(
            text,
            "{what}: {rates} pictures/s (threads); contention {:.3}, coherency {:.4}",
            law.sigma, law.kappa
        )?;
    }
    Ok(())
}

fn memory(text: &mut String, profile: &Profile) -> fmt::Result {
    let (memory, stored) = (&profile.memory, &profile.stored);
    writeln!(
        text,
        "memory: {:.1} MB at rest, {:.1} bytes a pixel, {:.1} MB a thread, {:.1} KB a connection",
        memory.rest_bytes / 1e6,
        memory.bytes_per_pixel,
        memory.bytes_per_thread / 1e6,
        memory.bytes_per_connection / 1e3
    )?;
    writeln!(
        text,
        "stored: {:.0} bytes and {:.1} a keypoint, under a key of {:.0}",
        stored.fixed_bytes, stored.bytes_per_keypoint, stored.key_bytes
    )
}
