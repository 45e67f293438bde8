#!/usr/bin/env python3
"""Compares plans made from a profile alone with what the service then does under load. See README.md."""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import machine, output  # noqa: E402
from siftd_service import Service  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
RATIOS = (0.2, 0.5, 0.8, 0.95)
# As they stand in the plan's table of latencies, % of what processors can do.
LOADS = (50, 70, 85, 110, 200)
UP_TO = 85
# Objective of the greatest rate.
P99 = "2s"
# Relative bounds, and points of refusals.
RATE, LATENCY, MEMORY, REFUSALS = 0.10, 0.20, 0.15, 5.0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--siftd", type=Path, help="the binary; without it, it is built")
    parser.add_argument("--images", type=Path, default=ROOT / "testdata" / "pictures")
    parser.add_argument("--profile", type=Path, help="a profile of this machine; without it, it is measured")
    parser.add_argument("--ratios", type=float, nargs="+", default=RATIOS)
    parser.add_argument("--threads", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--misses", type=int, default=400, help="least misses of a run (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="try the script: short runs that mean nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "records", help="folder of the record")
    return parser.parse_args()


class Plan:
    """A plan for one instance with so many threads."""

    def __init__(self, siftd, profile, threads, ratio, rate=1.0):
        command = [siftd, "plan", "--profile", profile, "--threads", str(threads), "--hit-ratio", str(ratio)]
        command += ["--rate", str(rate), "--peak-factor", "1", "--cache", "memory", "--p99", P99, "--format", "json"]
        self.sections = {part["key"]: part for part in json.loads(output(*map(str, command)))["sections"]}

    def figure(self, section, key):
        return next(figure["value"] for figure in self.sections[section]["figures"] if figure["key"] == key)

    def at_load(self, load):
        table = self.sections["latency"]["tables"][0]
        row = next(row for row in table["rows"] if isinstance(row[0], (int, float)) and abs(row[0] - load) < 0.01)
        return dict(zip(table["columns"], row))


def serving(siftd, threads):
    """A service with so many threads, on a processor of its own if it has one thread."""
    settings = ["--threads", threads, "--access-log=false"]
    return Service(siftd, *settings, before=pinned(threads, 0), keep_log=False)


def pinned(threads, place):
    processors = sorted(os.sched_getaffinity(0))
    if threads > 1 or len(processors) < 2:
        return []
    return ["taskset", "--cpu-list", str(processors[place])]


def load(siftd, service, threads, given, scratch, *options):
    report = scratch / "load.json"
    command = pinned(threads, 1) + [siftd, "load", "--url", service.url, "--images", given.images, "--json", report]
    run = subprocess.run([*map(str, command), *options], capture_output=True, text=True)
    if not report.exists():
        raise SystemExit(f"siftd load failed: {run.stderr}")
    result = json.loads(report.read_text())
    report.unlink()
    return result


def seconds(given, rate, ratio):
    """Long enough for that many misses."""
    return 3.0 if given.quick else min(max(given.misses / (rate * (1 - ratio)), 30.0), 240.0)


def compare(siftd, profile, given, threads, ratio, scratch):
    plan = Plan(siftd, profile, threads, ratio)
    rows = []
    for share in LOADS:
        planned = plan.at_load(share)
        rate = planned["rate, 1/s"]
        with serving(siftd, threads) as service:
            duration = seconds(given, rate, ratio)
            options = ("--rate", f"{rate:.3f}", "--hit-ratio", str(ratio), "--duration", f"{duration:.0f}s")
            print(f"{threads} threads, {ratio:.0%} hits, {share} %: {rate:.1f}/s for {duration:.0f} s", file=sys.stderr, flush=True)
            measured = load(siftd, service, threads, given, scratch, *options)
            resident, held = service.metric("process_resident_memory_bytes"), service.metric('siftd_cache_bytes{tier="memory"}')
        rows.append(row(planned, measured, share))
        if share == UP_TO:
            at = Plan(siftd, profile, threads, ratio, rate)
            modelled = at.figure("memory", "process_memory") - at.figure("memory", "process_tier") + held / 1e6
            memory = {"planned_mb": modelled, "measured_mb": resident / 1e6}
    with serving(siftd, threads) as service:
        options = ("--find-max", "--p99", P99, "--hit-ratio", str(ratio), "--duration", "3s" if given.quick else "40s")
        found = load(siftd, service, threads, given, scratch, *options)
    greatest = {"planned": plan.figure("needed", "greatest_rate"), "measured": (found.get("search") or {}).get("rate")}
    return {"threads": threads, "hit_ratio": ratio, "loads": rows, "memory": memory, "greatest": greatest}


def row(planned, measured, share):
    latency = measured["latency"]

    def of(kind, name):
        return latency[kind][f"{name}_ms"] if latency.get(kind) else None

    sent = measured["counts"]["sent"]
    return {
        "load": share,
        "rate": planned["rate, 1/s"],
        "answered": {"planned": planned["answered, 1/s"], "measured": measured["rates"]["answered"]},
        "refused": {"planned": planned["refused, %"], "measured": 100.0 * measured["counts"]["refused"] / max(sent, 1)},
        "latency": {
            f"{kind} {name}": {"planned": planned[f"{column} {name}, ms"], "measured": of(kind, name)}
            for kind, column in (("hit", "hits"), ("miss", "misses"))
            for name in ("p50", "p99")
        },
        "warnings": measured["warnings"],
    }


def beside(pair, bound, relative=True, holds=True):
    """Both figures, and a mark where they differ by more than the bound."""
    planned, measured = pair.values()
    if planned is None or measured is None:
        return "-"
    off = abs(planned - measured) / measured if relative and measured else abs(planned - measured)
    return f"{planned:.3g} / {measured:.3g}" + (" **!**" if holds and off > bound else "")


def markdown(record):
    yield f"# Plan against load, {record['date']}\n"
    yield f"{record['machine']}; {record['siftd']}, commit {record['commit']}. Planned / measured; **!** is beyond the bound."
    yield "Made by `python bench/capacity/capacity.py`.\n"
    yield "| threads | hits | load, % | rate | answered/s | refused, % | hit p50, ms | hit p99 | miss p50 | miss p99 |"
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for case in record["cases"]:
        for run in case["loads"]:
            held = run["load"] <= UP_TO
            latency = [beside(pair, LATENCY, holds=held) for pair in run["latency"].values()]
            cells = [case["threads"], f"{case['hit_ratio']:.0%}", run["load"], f"{run['rate']:.1f}"]
            cells += [beside(run["answered"], RATE), beside(run["refused"], REFUSALS, relative=False), *latency]
            yield "| " + " | ".join(map(str, cells)) + " |"
    yield f"\n| threads | hits | greatest rate with p99 of {P99} | memory at {UP_TO} %, MB |\n|---:|---:|---:|---:|"
    for case in record["cases"]:
        cells = [case["threads"], f"{case['hit_ratio']:.0%}", beside(case["greatest"], RATE), beside(case["memory"], MEMORY)]
        yield "| " + " | ".join(map(str, cells)) + " |"


def main():
    given = arguments()
    siftd = given.siftd.resolve() if given.siftd else BINARIES / "siftd"
    if not given.siftd:
        subprocess.run(["cargo", "build", "--release", "--locked", "--package", "siftd"], cwd=ROOT, check=True)
    date = datetime.date.today().isoformat()
    record = {
        "date": date,
        "machine": machine(),
        "siftd": output(siftd, "--version"),
        "commit": output("git", "rev-parse", "--short", "HEAD"),
        "cases": [],
    }
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        profile = given.profile
        if not profile:
            profile = scratch / "profile.json"
            quick = ["--samples", "3", "--window", "1s"] if given.quick else []
            subprocess.run([siftd, "profile", "--images", given.images, "-o", profile, *quick], check=True)
        record["profile"] = json.loads(profile.read_text())
        for threads in given.threads:
            for ratio in given.ratios:
                record["cases"].append(compare(siftd, profile, given, threads, ratio, scratch))
    text = "\n".join(markdown(record)) + "\n"
    print(text)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / f"{date}-capacity.md").write_text(text)
    (given.out / f"{date}-capacity.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
