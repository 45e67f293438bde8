"""Shared caches that fail under load, and what the clients of `siftd serve` notice of it.

    cargo build --release --locked
    python bench/faults/faults.py [--siftd PATH] [--backend NAME ...] [--seconds 10] [--out FOLDER]

runs each backend through its faults, each as long before, during and after; exits with 1 if a request failed, or if the
service was not healthy again after it. Python's standard library is enough.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import report  # noqa: E402
from servers import BACKENDS, missing, until  # noqa: E402
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


# Faults: each is a context that lasts as long as the fault does.

@contextlib.contextmanager
def killed(backend):
    backend.processes[0].kill()
    yield
    backend.processes[0].start()


@contextlib.contextmanager
def lost_for_good(backend):
    """A primary that its replica replaces."""
    backend.processes[0].kill()
    yield


@contextlib.contextmanager
def paused(backend):
    backend.processes[0].pause()
    yield
    backend.processes[0].resume()


@contextlib.contextmanager
def refused(backend):
    """Connections beyond the limit: one client takes the only place, and those that were there are cut."""
    with socket.create_connection(("127.0.0.1", backend.processes[0].port)) as only:
        only.sendall(b"CONFIG SET maxclients 1\r\nCLIENT KILL TYPE normal SKIPME yes\r\n")
        yield
        only.sendall(b"CONFIG SET maxclients 1000\r\n")
        only.recv(1000)


@contextlib.contextmanager
def full(backend):
    backend.ask("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1mb")
    yield
    backend.ask("CONFIG", "SET", "maxmemory", "0")


@contextlib.contextmanager
def evicting(backend):
    backend.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "4mb")
    yield
    backend.ask("CONFIG", "SET", "maxmemory", "0")


SPOIL = """
for i = 1, 300 do
  local key = redis.call('RANDOMKEY')
  if key and redis.call('TYPE', key).ok == 'string' then
    local way = math.random(3)
    if way == 1 then redis.call('SETRANGE', key, 20, 'flipped')
    elseif way == 2 then redis.call('SET', key, redis.call('GETRANGE', key, 0, 50))
    else redis.call('DEL', key); redis.call('LPUSH', key, 'another type') end
  end
end
"""


@contextlib.contextmanager
def spoilt(backend):
    over = threading.Event()

    def spoil():
        while not over.wait(0.1):
            backend.ask("EVAL", SPOIL, "0")

    spoiling = threading.Thread(target=spoil)
    spoiling.start()
    yield
    over.set()
    spoiling.join()


FAULTS = {
    "redis": [
        ("killed (SIGKILL), started again", killed),
        ("paused (SIGSTOP)", paused),
        ("connections refused at the limit", refused),
        ("full, noeviction", full),
        ("evicting, allkeys-lru", evicting),
        ("values truncated, flipped, of another type", spoilt),
    ],
    "redis-cluster": [
        ("a primary paused, then back", paused),
        ("a primary killed, its replica takes over", lost_for_good),
    ],
    "memcached": [
        ("one of three killed, started again", killed),
        ("one of three paused", paused),
    ],
    "postgres": [
        ("killed (SIGKILL), started again", killed),
        ("paused (SIGSTOP)", paused),
    ],
}


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
    with fault(backend):
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
        "generator": answer["warnings"],
    }


def phase(series, begin, end):
    moments = [moment for moment in series if begin <= moment["at_seconds"] < end and moment["p99_ms"] is not None]
    middle = lambda values: sorted(values)[len(values) // 2] if values else None
    hits, misses = sum(moment["hits"] for moment in moments), sum(moment["misses"] for moment in moments)
    return {
        "p50_ms": middle([moment["p50_ms"] for moment in moments]),
        "p99_ms": middle([moment["p99_ms"] for moment in moments]),
        "worst_p99_ms": max((moment["p99_ms"] for moment in moments), default=None),
        "hit_ratio": hits / (hits + misses) if hits + misses else None,
    }


class Watched:
    """Whether the service is healthy, asked all the time."""

    def __init__(self, service):
        self.service, self.degraded, self.recovery = service, False, None
        self.over_at = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        last_unhealthy = None
        while not self.ended.wait(0.05):
            if not healthy(self.service):
                self.degraded, last_unhealthy = True, time.monotonic()
        if healthy(self.service) and self.over_at:
            self.recovery = max(0.0, (last_unhealthy or self.over_at) - self.over_at)

    def over(self):
        self.over_at = time.monotonic()

    def end(self):
        self.ended.set()
        self.thread.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--siftd", default=str(ROOT / "target" / "release" / "siftd"))
    parser.add_argument("--backend", nargs="*", choices=sorted(BACKENDS), default=list(BACKENDS))
    parser.add_argument("--seconds", type=int, default=10, help="of each of: before, during and after the fault")
    parser.add_argument("--out", type=pathlib.Path, help="a folder for the record")
    arguments = parser.parse_args()
    if missing():
        raise SystemExit(f"not installed: {', '.join(missing())}")
    with tempfile.TemporaryDirectory() as images:
        pictures(images)
        most = capacity(arguments.siftd, images)
        record = {
            "date": datetime.date.today().isoformat(),
            "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors",
            "seconds": arguments.seconds,
            "capacity": most,
            "rate": SHARE * most,
            "results": [],
        }
        for name in arguments.backend:
            for title, fault in FAULTS[name]:
                with BACKENDS[name]() as backend, serving(arguments.siftd, backend.url) as service:
                    result = run(arguments.siftd, images, backend, service, fault, record["rate"], arguments.seconds)
                    result |= {"backend": name, "fault": title, "said": [line.strip() for line in service.errors]}
                record["results"].append(result)
                print(report.row(result), flush=True)
    if arguments.out:
        path = arguments.out / f"{record['date']}-faults"
        path.with_suffix(".json").write_text(json.dumps(record, indent=1) + "\n")
        path.with_suffix(".md").write_text(report.page(record))
    faults = [result for result in record["results"]
              if result["counts"]["failed"] or result["recovery_seconds"] is None]
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
