"""Mixed good, bad and slow traffic against `siftd serve`, and what it leaves behind.

    python bench/soak/soak.py [--siftd PATH] [--seconds 600] [--out FOLDER]

exits with 1 if an answer had a status that the contract does not name, if a good request failed or too few were answered, or if memory,
descriptors or threads are not where they were. Python's standard library is enough.
"""

import argparse
import collections
import datetime
import json
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from siftd_service import Service  # noqa: E402
from traffic import KINDS  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Statuses of the contract; 500 is none that traffic may cause. 0 is a connection that the service cut, 431 hyper's own. Of the
# malformed pictures some decode, as far as they go.
ALLOWED = {
    # 404 for what was evicted since, or refused before.
    "good": {200, 304, 404, 503},
    "bad": {200, 400, 404, 405, 406, 413, 415, 431, 503},
    "slow": {0, 200, 400, 408},
}
SETTINGS = [
    # Small enough to be full soon, so that what the cache takes does not pass for a leak.
    "--cache-memory", str(8 << 20),
    # Short enough for slow clients to be cut many times.
    "--header-timeout", "3", "--body-timeout", "3",
    "--log-rate", "1",
]
# Of good requests, those that are answered with features at the least. All were on two processors that do everything.
LEAST_ANSWERED = 0.2
# What may remain: pages of the allocator's that other blocks keep.
MEMORY_SLACK = 24_000_000
# Compute threads have given their memory back, connections and idle helper threads are gone.
REST_SECONDS = 45


def drive(service, seconds, counts):
    """Runs all kinds of traffic beside each other for so long."""
    host, port = service.address.rsplit(":", 1)
    address = (host, int(port))
    until = time.monotonic() + seconds
    lock = threading.Lock()

    def run(kind, client, seed):
        try:
            for status in client(address, seed, until):
                with lock:
                    counts[kind][status] += 1
        except Exception as error:  # A client that failed has tested nothing: whatever it was is a fault.
            with lock:
                counts[kind][repr(error)] += 1

    threads = [
        threading.Thread(target=run, args=(kind, client, seed), daemon=True)
        for kind, client, number in KINDS
        for seed in range(number)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def at_rest(service):
    """The least of each figure within some seconds: helper threads come and go by themselves."""
    measured = []
    for _ in range(15):
        measured.append({
            "resident": service.status("VmRSS"),
            "descriptors": service.descriptors(),
            "threads": service.status("Threads"),
        })
        time.sleep(1)
    return {name: min(figures[name] for figures in measured) for name in measured[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--siftd", type=pathlib.Path, default=ROOT / "target/release/siftd")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--out", type=pathlib.Path, help="folder for a dated record")
    arguments = parser.parse_args()
    if arguments.out:
        # Not only after ten minutes.
        arguments.out.mkdir(parents=True, exist_ok=True)

    counts = collections.defaultdict(collections.Counter)
    with Service(arguments.siftd, *SETTINGS, keep_log=False) as service:
        # All that grows once has grown: the cache is full, and every thread has worked.
        drive(service, min(20, arguments.seconds), collections.defaultdict(collections.Counter))
        time.sleep(REST_SECONDS)
        before = at_rest(service)
        drive(service, arguments.seconds, counts)
        busiest = service.status("VmHWM")
        time.sleep(REST_SECONDS)
        after = at_rest(service)
        health = service.get("/health")[0]
        code = service.stop()

    faults = []
    for kind, statuses in counts.items():
        wrong = {status: count for status, count in statuses.items() if status not in ALLOWED[kind]}
        if wrong:
            faults.append(f"{kind} requests had statuses {wrong}")
    for kind in ALLOWED:
        if not counts[kind]:
            faults.append(f"no {kind} request was answered")
    answered = counts["good"][200] / max(1, counts["good"].total())
    if answered < LEAST_ANSWERED:
        faults.append(f"{answered:.0%} of good requests were answered with features")
    if after["resident"] > before["resident"] + MEMORY_SLACK:
        faults.append(f"memory grew from {before['resident']} to {after['resident']} bytes")
    for name in ("descriptors", "threads"):
        if after[name] > before[name]:
            faults.append(f"{name} grew from {before[name]} to {after[name]}")
    if health != 200:
        faults.append(f"the service is not healthy: {health}")
    if code:
        faults.append(f"the service ended with {code}")

    report = render(arguments.seconds, counts, before, after, busiest, faults)
    print(report)
    if arguments.out:
        name = f"{datetime.date.today()}-soak"
        (arguments.out / f"{name}.md").write_text(report + "\n")
        figures = {"seconds": arguments.seconds, "before": before, "after": after, "peak": busiest,
                   "statuses": {kind: dict(statuses) for kind, statuses in counts.items()}, "faults": faults}
        (arguments.out / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    sys.exit(1 if faults else 0)


def render(seconds, counts, before, after, peak, faults):
    """The record as Markdown."""
    lines = [
        f"# Soak, {datetime.date.today()}",
        "",
        f"{seconds:.0f} s of mixed traffic; made by `python bench/soak/soak.py`.",
        "",
        "| | before | after |",
        "|---|---:|---:|",
        f"| resident memory, MB | {before['resident'] / 1e6:.1f} | {after['resident'] / 1e6:.1f} |",
        f"| descriptors | {before['descriptors']} | {after['descriptors']} |",
        f"| threads | {before['threads']} | {after['threads']} |",
        "",
        f"Peak of resident memory: {peak / 1e6:.0f} MB.",
        "",
        "| traffic | requests | statuses (0: the connection was cut) |",
        "|---|---:|---|",
    ]
    for kind, statuses in sorted(counts.items()):
        shown = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items(), key=str))
        lines.append(f"| {kind} | {sum(statuses.values())} | {shown} |")
    lines += ["", "Faults: " + ("; ".join(faults) if faults else "none") + "."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
