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

from machine import ProcessorTime, machine, output  # noqa: E402
from siftd_service import Service  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
RATIOS = (0.2, 0.5, 0.8, 0.95)
# As they stand in the plan's table of latencies, % of what processors can do.
LOADS = (50, 70, 85, 110, 200)
GREATEST = "greatest"
UP_TO = 85
# Answers below which a p99 is that of less than five.
FEW = 500
# A run from which the host took more than this beyond what it took from the profile is made again, so often at the most.
STOLEN, ATTEMPTS = 0.02, 2
# Objective of the greatest rate.
P99 = "2s"
# Relative bounds, and points of refusals.
RATE, LATENCY, MEMORY, REFUSALS = 0.10, 0.20, 0.15, 5.0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--siftd", type=Path, help="the binary; without it, it is built")
    parser.add_argument("--images", type=Path, default=ROOT / "testdata" / "pictures")
    parser.add_argument("--profile", type=Path, help="a profile of this machine and these images; without it, it is measured")
    parser.add_argument("--ratios", type=float, nargs="+", default=RATIOS)
    parser.add_argument("--threads", type=int, nargs="+", default=(1, 2))
    parser.add_argument("--runs", nargs="+", default=(*LOADS, GREATEST), type=named_run, help=f"of {LOADS} and {GREATEST}")
    parser.add_argument("--misses", type=int, default=400, help="least misses of a run (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="try the script: short runs that mean nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "records", help="folder of the record")
    parser.add_argument("--into", type=Path, metavar="RECORD.json", help="a record to add to, with its profile")
    return parser.parse_args()


def named_run(text):
    if text == GREATEST:
        return text
    if int(text) not in LOADS:
        raise argparse.ArgumentTypeError(f"must be one of {LOADS} or {GREATEST}")
    return int(text)


class Plan:
    """A plan for one instance with so many threads, of so many times the profile's speed; for the very requests that a load of so
    many seconds sends, if that is given."""

    def __init__(self, siftd, profile, given, threads, ratio, speed=1, rate=None, seconds=None):
        command = [siftd, "plan", "--profile", profile, "--threads", threads, "--hit-ratio", ratio, "--rate", rate or 1]
        command += ["--speed", speed]
        # One instance takes the whole rate, whatever becomes of it; only the greatest rate is one that keeps an objective.
        objective = ["--p99", P99, "--refused", 0] if rate is None else ["--p99", "600s", "--refused", 0.999]
        command += [*objective, "--peak-factor", 1, "--cache", "memory", "--format", "json"]
        command += ["--clients", "apart" if apart(threads) else "beside"]
        if seconds:
            command += ["--load-images", given.images, "--load-duration", f"{seconds}s"]
        self.sections = {part["key"]: part for part in json.loads(output(*map(str, command)))["sections"]}

    def figure(self, section, key):
        return next(figure["value"] for figure in self.sections[section]["figures"] if figure["key"] == key)

    def work(self, requests, computed):
        """Processor time of the service for so many requests, so many of which are computed, s."""
        demands = (self.figure("machine", f"{of}_demand") / 1e3 for of in ("request", "compute"))
        return sum(count * demand for count, demand in zip((requests, computed), demands))

    def latencies(self):
        """Rows of the table of latencies."""
        table = self.sections["latency"]["tables"][0]
        return [dict(zip(table["columns"], row)) for row in table["rows"]]

    def at_load(self, load):
        shares = ((row, row["load, %"]) for row in self.latencies())
        return next(row for row, share in shares if isinstance(share, (int, float)) and abs(share - load) < 0.01)

    def at_its_rate(self):
        return next(row for row in self.latencies() if isinstance(row["load, %"], str))


def apart(threads):
    """Whether the service has a processor of its own, and the generator the other."""
    return threads == 1 and len(os.sched_getaffinity(0)) > 1


def serving(siftd, threads):
    return Service(siftd, "--threads", threads, before=pinned(threads, 0), keep_log=False)


def pinned(threads, place):
    return ["taskset", "--cpu-list", str(sorted(os.sched_getaffinity(0))[place])] if apart(threads) else []


def load(siftd, service, threads, given, scratch, *options):
    report = scratch / "load.json"
    command = pinned(threads, 1) + [siftd, "load", "--url", service.url, "--images", given.images, "--json", report]
    run = subprocess.run([*map(str, command), *map(str, options)], capture_output=True, text=True)
    if not report.exists():
        raise SystemExit(f"siftd load failed: {run.stderr}")
    result = json.loads(report.read_text())
    report.unlink()
    return result


def undisturbed(given, profiled, run):
    """What a run gives, and the share of its time that the host took: of some attempts the one from which it took least."""
    best = None
    for _ in range(1 if given.quick else ATTEMPTS):
        result, stolen = run()
        if best is None or stolen < best[1]:
            best = result, stolen
        if stolen <= profiled["profile"]["stolen"] + STOLEN:
            break
        tell(f"  the host took {stolen:.1%} of its time")
    return best


def seconds(given, rate, ratio):
    """Long enough for that many misses."""
    return 3 if given.quick else round(min(max(given.misses / (rate * (1 - ratio)), 30.0), 240.0))


def compare(siftd, profile, profiled, given, threads, ratio, scratch):
    lasting = Plan(siftd, profile, given, threads, ratio)
    case = {"threads": threads, "hit_ratio": ratio, "loads": []}
    for share in given.runs:
        if share == GREATEST:
            case["greatest"] = greatest(siftd, profile, profiled, given, lasting, threads, ratio, scratch)
            continue
        rate = lasting.at_load(share)["rate, 1/s"]
        duration = seconds(given, rate, ratio)
        plan = Plan(siftd, profile, given, threads, ratio, rate=rate, seconds=duration)
        tell(f"{threads} threads, {ratio:.0%} hits, {share} %: {rate:.1f}/s for {duration} s")

        def run():
            options = ("--rate", rate, "--hit-ratio", ratio, "--duration", f"{duration}s")
            with serving(siftd, threads) as service:
                before, processors = service.cpu_seconds(), ProcessorTime()
                measured = load(siftd, service, threads, given, scratch, *options)
                stolen = processors.stolen()
                return (measured, service.cpu_seconds() - before, service.samples()), stolen

        (measured, used, after), stolen = undisturbed(given, profiled, run)
        work = {"planned": plan.work(requests(after), after["siftd_image_pixels_count"]), "measured": used}
        as_it_was = Plan(siftd, profile, given, threads, ratio, speed(work, stolen), rate, duration)
        rows = (plan.at_its_rate(), as_it_was.at_its_rate(), lasting.at_load(share))
        case["loads"].append(row(rows, measured, share, stolen, work))
        if share == UP_TO:
            held = after['siftd_cache_bytes{tier="memory"}'] / 1e6
            modelled = plan.figure("memory", "process_memory") - plan.figure("memory", "process_tier") + held
            case["memory"] = {"planned": modelled, "measured": after["process_resident_memory_bytes"] / 1e6}
    return case


def requests(samples):
    """Uploads that were answered, those that make pictures known before the load among them."""
    return samples['siftd_requests_total{route="detect",status="200"}']


def speed(work, stolen):
    """Of the machine in a run, in parts of that in the profile."""
    return work["planned"] / work["measured"] * (1 - stolen)


def greatest(siftd, profile, profiled, given, lasting, threads, ratio, scratch):
    duration = 3 if given.quick else 25
    plan = Plan(siftd, profile, given, threads, ratio, seconds=duration)
    # Where the search begins does not matter to where it ends.
    begin = lasting.at_load(50)["rate, 1/s"]
    tell(f"{threads} threads, {ratio:.0%} hits: the greatest rate, from {begin:.1f}/s on")
    options = ("--find-max", "--p99", P99, "--rate", begin, "--hit-ratio", ratio, "--duration", f"{duration}s")
    # It is as long as several runs, and made once.
    with serving(siftd, threads) as service:
        before, processors = service.cpu_seconds(), ProcessorTime()
        found = load(siftd, service, threads, given, scratch, *options)
        stolen, used, after = processors.stolen(), service.cpu_seconds() - before, service.samples()
    search = found.get("search") or {}
    work = {"planned": lasting.work(requests(after), after["siftd_image_pixels_count"]), "measured": used}
    as_it_was = Plan(siftd, profile, given, threads, ratio, speed(work, stolen), seconds=duration)
    return {
        "stolen": stolen,
        "work": work,
        "planned": plan.figure("needed", "greatest_rate"),
        "as_it_was": as_it_was.figure("needed", "greatest_rate"),
        "measured": search.get("rate"),
        "lasting": lasting.figure("needed", "greatest_rate"),
        "steps": search.get("steps"),
    }


def tell(text):
    print(text, file=sys.stderr, flush=True)


def row(plans, measured, share, stolen, work):
    planned, as_it_was, lasting = plans
    latency = measured["latency"]

    def of(kind, name):
        return latency[kind][f"{name}_ms"] if latency.get(kind) else None

    sent = measured["counts"]["sent"]
    return {
        "load": share,
        "stolen": stolen,
        "work": work,
        "rate": planned["rate, 1/s"],
        "seconds": measured["measured_seconds"],
        "answered": {"planned": planned["answered, 1/s"], "measured": measured["rates"]["answered"]},
        "refused": {"planned": planned["refused, %"], "measured": 100.0 * measured["counts"]["refused"] / max(sent, 1)},
        "latency": {
            f"{kind} {name}": {
                "planned": planned[f"{column} {name}, ms"],
                "as_it_was": as_it_was[f"{column} {name}, ms"],
                "measured": of(kind, name),
                "lasting": lasting[f"{column} {name}, ms"],
            }
            for kind, column in (("hit", "hits"), ("miss", "misses"))
            for name in ("p50", "p99")
        },
        "counts": measured["counts"],
        "generator": measured["generator"]["busiest_thread"],
        "warnings": measured["warnings"],
    }


def merge(record, case):
    """Adds what was measured to the record; what was there of the same is replaced."""
    same = (case["threads"], case["hit_ratio"])
    old = next((old for old in record["cases"] if (old["threads"], old["hit_ratio"]) == same), None)
    if old is None:
        record["cases"].append(case)
    else:
        loads = {run["load"]: run for run in (*old["loads"], *case["loads"])}
        old.update(case, loads=[loads[load] for load in sorted(loads)])
    record["cases"].sort(key=lambda case: (case["threads"], case["hit_ratio"]))


def beside(pair, bound, relative=True):
    """Both figures, and a mark where they differ by more than the bound."""
    planned, measured = (pair or {}).get("planned"), (pair or {}).get("measured")
    if planned is None or measured is None:
        return "-"
    return f"{planned:.3g} / {measured:.3g}" + (" **!**" if differ(planned, measured, bound, relative) else "")


def differ(planned, measured, bound, relative=True):
    return abs(planned - measured) > (bound * measured if relative and measured else bound)


def latencies(run):
    """Cells of the latencies of a run: as planned, as planned with the speed that the machine then had in it, and measured."""
    for name, of in run["latency"].items():
        if of["measured"] is None:
            yield "-"
            continue
        kind, quantile = name.split()
        cell = both_plans(of)
        if quantile == "p99" and run["counts"][kind] < FEW:
            cell = f"({cell})"
        # Beyond what is served, a wait is as long as the run.
        yield cell + (mark(of, LATENCY) if run["load"] <= UP_TO else "")


def both_plans(of):
    """As planned, as planned with the speed that the machine had, and measured."""
    return " / ".join(f"{of[which]:.3g}" for which in ("planned", "as_it_was", "measured"))


def mark(of, bound):
    """For a plan that is beyond the bound: whether the one with the speed that the machine had is, too."""
    off, still = (differ(of[which], of["measured"], bound) for which in ("planned", "as_it_was"))
    return (" **!**" if still else " ~") if off else ""


def markdown(record):
    yield f"# Plan against load, {record['date']}\n"
    yield f"{record['machine']}; {record['siftd']}, commit {record['commit']}. Planned / measured; **!** is beyond the bound; in brackets:"
    yield f"p99 of fewer than {FEW} answers. Stolen: % of the processor time that the machine's host gave to others in the run"
    yield f"({100 * record['profile']['stolen']:.1f} in the profile). Work: processor time of the service in the run, % of what the plan has for as many"
    yield "requests and as many computed pictures. Latencies: planned / planned with the speed that the machine had in the run, by `work`"
    yield "and `stolen` / measured; ~ is where the first alone is beyond the bound."
    yield "Made by `python bench/capacity/capacity.py`.\n"
    yield "| threads | hits | load, % | stolen | work | rate | answered/s | refused, % | hit p50, ms | hit p99 | miss p50 | miss p99 |"
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for case in record["cases"]:
        for run in case["loads"]:
            work = run["work"]["measured"] / run["work"]["planned"]
            cells = [case["threads"], f"{case['hit_ratio']:.0%}", run["load"]]
            cells += [f"{100 * run['stolen']:.1f}", f"{100 * work:.0f}", f"{run['rate']:.1f}"]
            cells += [beside(run["answered"], RATE), beside(run["refused"], REFUSALS, relative=False), *latencies(run)]
            yield "| " + " | ".join(map(str, cells)) + " |"
    yield f"\nGreatest rates, with p99 of {P99} and nothing refused, are sought in steps as short as the plans for them are; one plan is"
    yield "for a load that lasts. Work and the speed that the machine had are those of the whole search.\n"
    yield f"| threads | hits | stolen | work | greatest rate | planned for a load that lasts | memory at {UP_TO} %, MB |"
    yield "|---:|---:|---:|---:|---:|---:|---:|"
    for case in record["cases"]:
        cells = [case["threads"], f"{case['hit_ratio']:.0%}", *greatest_rate(case.get("greatest"))]
        yield "| " + " | ".join(map(str, [*cells, beside(case.get("memory"), MEMORY)])) + " |"


def greatest_rate(of):
    """Cells of a greatest rate: what disturbed it, the rate, and what is planned for a load that lasts."""
    if not of or of["measured"] is None:
        return ["-"] * 4
    if "work" not in of:  # of a record from before it was taken down
        return [f"{100 * of['stolen']:.1f}", "-", beside(of, RATE), f"{of['lasting']:.3g}"]
    work = f"{100 * of['work']['measured'] / of['work']['planned']:.0f}"
    return [f"{100 * of['stolen']:.1f}", work, both_plans(of) + mark(of, RATE), f"{of['lasting']:.3g}"]


def from_root(given):
    """Works in the root of the repository, so that no record has names of folders of this machine."""
    for name in ("siftd", "images", "profile", "out", "into"):
        path = getattr(given, name)
        if path:
            path = path.resolve()
            setattr(given, name, path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    os.chdir(ROOT)


def main():
    given = arguments()
    from_root(given)
    siftd = (given.siftd or BINARIES / "siftd").resolve()
    if not given.siftd:
        subprocess.run(["cargo", "build", "--release", "--locked", "--package", "siftd"], check=True)
    date = datetime.date.today().isoformat()
    record = {"date": date, "cases": []}
    if given.into and given.into.exists():
        record = json.loads(given.into.read_text())
    record |= {
        "machine": machine(),
        "siftd": output(siftd, "--version"),
        "commit": output("git", "rev-parse", "--short", "HEAD"),
    }
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        profile = given.profile or scratch / "profile.json"
        if "profile" in record:
            profile = scratch / "profile.json"
            profile.write_text(json.dumps(record["profile"]))
        elif not given.profile:
            quick = ["--samples", "3", "--window", "1s"] if given.quick else []
            subprocess.run([siftd, "profile", "--images", given.images, "-o", profile, *quick], check=True)
        record["profile"] = json.loads(profile.read_text())
        write(record, given)
        for threads in given.threads:
            for ratio in given.ratios:
                merge(record, compare(siftd, profile, record, given, threads, ratio, scratch))
                write(record, given)
    print("\n".join(markdown(record)))


def write(record, given):
    path = given.into or given.out / f"{record['date']}-capacity.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n")
    path.with_suffix(".md").write_text("\n".join(markdown(record)) + "\n")


if __name__ == "__main__":
    main()
