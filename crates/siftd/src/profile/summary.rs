use std::fmt::Write;

use capacity::Profile;
use capacity::profile::Clients;

/// What a person wants to see of a profile.
pub(super) fn text(profile: &Profile) -> String {
    let mut text = format!(
        "{} cores of {}, {}; the host took {:.1} % of the processor time meanwhile\n\n{:44} {:>9} {:>9} {:>9} {:>9}\n",
        profile.machine.cores,
        profile.machine.cpu,
        profile.machine.instruction_set,
        100.0 * profile.stolen,
        "service time, ms",
        "mean",
        "p50",
        "p99",
        "stdev"
    );
    // A string takes everything.
    for picture in &profile.pictures {
        for run in &picture.runs {
            let service = &run.service;
            let name = format!("{}, {} thread(s)", picture.name, run.threads);
            let times =
                [service.mean, service.quantile(0.5), service.quantile(0.99), service.variance.sqrt()];
            let [mean, p50, p99, stdev] = times.map(|seconds| seconds * 1e3);
            let _ = writeln!(text, "{name:44} {mean:9.2} {p50:9.2} {p99:9.2} {stdev:9.2}");
        }
    }
    text.push('\n');
    for (what, requests) in
        [("upload hit", &profile.requests.upload_hits), ("GET hit", &profile.requests.get_hits)]
    {
        for request in requests {
            let _ = writeln!(
                text,
                "{what}, {:.0} KB: {:.1} us of processor time; {:.0} us alone",
                request.bytes / 1e3,
                request.cpu_seconds * 1e6,
                request.alone.mean * 1e6
            );
        }
    }
    for hits in &profile.requests.hits_beside {
        let clients = match hits.clients {
            Clients::Apart => "apart",
            Clients::Beside => "beside",
        };
        let [p50, p99] = [0.5, 0.99].map(|share| hits.latency.quantile(share) * 1e3);
        let _ = writeln!(
            text,
            "hits at {:.0}/s, {} processor(s), {} computing, clients {clients}: {:.0} us of processor time; p50 {p50:.2} ms, p99 {p99:.2} ms",
            hits.rate,
            hits.processors,
            hits.computing,
            hits.cpu_seconds * 1e6
        );
    }
    let contention = &profile.contention;
    for (what, curve) in
        [("across pictures", &contention.across_pictures), ("within a picture", &contention.within_picture)]
    {
        let law = &curve.law;
        let rates = curve.points.iter().map(|point| format!("{:.1} ({})", point.per_second, point.n));
        let rates = rates.collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            text,
            "{what}: {rates} pictures/s (threads); contention {:.3}, coherency {:.4}",
            law.sigma, law.kappa
        );
    }
    let (memory, stored) = (&profile.memory, &profile.stored);
    let _ = writeln!(
        text,
        "memory: {:.1} MB at rest, {:.1} bytes a pixel, {:.1} MB a thread, {:.1} KB a connection",
        memory.rest_bytes / 1e6,
        memory.bytes_per_pixel,
        memory.bytes_per_thread / 1e6,
        memory.bytes_per_connection / 1e3
    );
    let _ = writeln!(
        text,
        "stored: {:.0} bytes and {:.1} a keypoint, under a key of {:.0}",
        stored.fixed_bytes, stored.bytes_per_keypoint, stored.key_bytes
    );
    text
}
