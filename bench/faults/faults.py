"""Shared caches that fail under load, and what the clients of `siftd serve` notice of it.

    cargo build --release --locked
    python bench/faults/faults.py [--siftd PATH] [--backend NAME ...] [--seconds 10] [--out FOLDER]

runs each backend through its faults, each as long before, during and after; exits with 1 if a request failed, or if the
service was not healthy again after it. Python's standard library is enough.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import report  # noqa: E402
from injected import FAULTS  # noqa: E402
from servers import PATIENCE, missing, until  # noqa: E402
from siftd_service import Service  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Small, so that memory does not answer all, and many are computed a second.
MEMORY_BYTES = 1 << 20
PICTURE = (96, 96)
VARIANTS = 20_000
# Of what the service computes a second where nothing is cached: near capacity, with the cache and without it.
SHARE = 0.75


def serving(binary, url):
    """A `siftd serve` that shares a cache, once it is healthy."""
    service = Service(binary, "--cache", url, "--cache-memory", MEMORY_BYTES, "--log-rate", 1, keep_log=False)
    until("the service is healthy", lambda: healthy(service))
    return service


def healthy(service):
    return json.loads(service.get("/health")[1])["status"] == "healthy"


def cache_errors(service):
    """Failures of the shared tier, by kind."""
    return {
        name.split('kind="')[1].split('"')[0]: int(value)
        for name, value in service.samples().items()
        if name.startswith("siftd_cache_errors_total{") and 'tier="memory"' not in name
    }


def load(binary, service, images, seconds, *arguments):
    """Starts a measurement."""
    command = [binary, "load", "--url", f"{service.url}/", "--images", images, "--duration", f"{seconds}s",
               "--json", "-", "--via", "raw", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def pictures(folder):
    generator = random.Random(5)
    for number in range(8):
        data = generator.randbytes(PICTURE[0] * PICTURE[1])
        pathlib.Path(folder, f"{number}.pgm").write_bytes(b"P5 %d %d 255\n" % PICTURE + data)


def capacity(binary, images):
    """Pictures a second that are computed where nothing is cached."""
    with serving(binary, "none:") as service:
        measurement = load(binary, service, images, 5, "--concurrency", "8", "--hit-ratio", "0")
        return json.loads(measurement.communicate()[0])["rates"]["answered"]


def run(binary, images, backend, service, fault, rate, seconds):
    before = cache_errors(service)
    measurement = load(binary, service, images, 3 * seconds, "--rate", f"{rate:.1f}", "--zipf", "0.9",
                       "--variants", str(VARIANTS), "--warm-up", "3s")
    time.sleep(3 + seconds)
    watched = Watched(service)
    with fault(backend) as evidence:
        time.sleep(seconds)
    watched.over()
    answer = json.loads(measurement.communicate()[0])
    watched.end()
    after = cache_errors(service)
    return {
        "counts": answer["counts"],
        "failures": answer["failures"],
        "phases": [phase(answer["series"], number * seconds, (number + 1) * seconds) for number in range(3)],
        "degraded": watched.degraded,
        "recovery_seconds": watched.recovery,
        "errors": {kind: after[kind] - before[kind] for kind in after if after[kind] > before[kind]},
        "said_by_servers": evidence,
        "generator": answer["warnings"],
    }


def phase(series, begin, end):
    moments = [moment for moment in series if begin <= moment["at_seconds"] < end and moment["p99_ms"] is not None]
    middle = lambda values: sorted(values)[len(values) // 2] if values else None
    hits, misses = sum(moment["hits"] for moment in moments), sum(moment["misses"] for moment in moments)
    worst = lambda name: max((moment[name] for moment in moments if moment[name] is not None), default=None)
    return {
        "p50_ms": middle([moment["p50_ms"] for moment in moments]),
        "p99_ms": middle([moment["p99_ms"] for moment in moments]),
        "worst_p99_ms": worst("p99_ms"),
        "worst_hit_p99_ms": worst("hit_p99_ms"),
        "worst_miss_p99_ms": worst("miss_p99_ms"),
        "hit_ratio": hits / (hits + misses) if hits + misses else None,
    }


class Watched:
    """Whether the service is healthy, asked all the time, until it is at the end."""

    def __init__(self, service):
        self.service, self.degraded, self.recovery = service, False, None
        self.over_at, self.last_unhealthy = None, None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.ended.wait(0.05):
            if not healthy(self.service):
                self.degraded, self.last_unhealthy = True, time.monotonic()

    def over(self):
        self.over_at = time.monotonic()

    def end(self):
        """Gives it some time more to be healthy again."""
        deadline = time.monotonic() + PATIENCE
        while not healthy(self.service) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.ended.set()
        self.thread.join()
        if healthy(self.service):
            self.recovery = max(0.0, (self.last_unhealthy or self.over_at) - self.over_at)


def write(folder, seconds, results):
    """The record of today: of backends that were not run now, what it has of them already."""
    date = datetime.date.today().isoformat()
    path = folder / f"{date}-faults.json"
    before = json.loads(path.read_text())["results"] if path.exists() else []
    run_now = {result["backend"] for result in results}
    order = [(servers.name, title) for servers, title, _ in FAULTS]
    results = results + [result for result in before if result["backend"] not in run_now]
    results.sort(key=lambda result: order.index((result["backend"], result["fault"])))
    machine = f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors"
    record = {"date": date, "machine": machine, "seconds": seconds, "share": SHARE, "results": results}
    path.write_text(json.dumps(record, indent=1) + "\n")
    path.with_suffix(".md").write_text(report.page(record))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--siftd", default=str(ROOT / "target" / "release" / "siftd"))
    backends = list(dict.fromkeys(backend.name for backend, _, _ in FAULTS))
    parser.add_argument("--backend", nargs="*", choices=backends, default=backends)
    parser.add_argument("--seconds", type=int, default=10, help="of each of: before, during and after the fault")
    parser.add_argument("--out", type=pathlib.Path, help="a folder for the record")
    arguments = parser.parse_args()
    if missing():
        raise SystemExit(f"not installed: {', '.join(missing())}")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
    results = []
    with tempfile.TemporaryDirectory() as images:
        pictures(images)
        most = capacity(arguments.siftd, images)
        for servers, title, fault in FAULTS:
            if servers.name not in arguments.backend:
                continue
            with servers() as backend, serving(arguments.siftd, backend.url) as service:
                result = run(arguments.siftd, images, backend, service, fault, SHARE * most, arguments.seconds)
            said = [line.strip() for line in service.errors]
            results.append({"backend": servers.name, "fault": title, "capacity": most, "said": said} | result)
            print(report.row(results[-1]), flush=True)
    if arguments.out:
        write(arguments.out, arguments.seconds, results)
    bad = [result for result in results if result["counts"]["failed"] or result["recovery_seconds"] is None]
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
