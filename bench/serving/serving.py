#!/usr/bin/env python3
"""Measures siftd serve against a bare HTTP server, and itself under load, and writes a dated record. See README.md."""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import measures  # noqa: E402
from machine import machine, output  # noqa: E402
from report import markdown  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
PARTS = ("hits", "beside", "overload", "memory")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--siftd", type=Path, help="the binary; without it, it is built")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="leave the others out")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each kind of hit (%(default)s)")
    parser.add_argument("--seconds", type=int, default=5, help="length of a run; with misses it is twice that (%(default)s)")
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 2, 5, 10], help="clients in overload (%(default)s)")
    parser.add_argument("--queue-capacity", type=int, default=64, help="images that may wait in siftd (%(default)s)")
    parser.add_argument("--memory-budget", type=int, default=640, help="of siftd in overload, MB (%(default)s)")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "records", help="folder of the record")
    return parser.parse_args()


def build(package):
    subprocess.run(["cargo", "build", "--release", "--locked", "--package", package], cwd=ROOT, check=True)
    return BINARIES / package


def main():
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    given = arguments()
    siftd = given.siftd.resolve() if given.siftd else build("siftd")
    date = datetime.date.today().isoformat()
    record = {
        "date": date,
        "machine": machine(),
        "siftd": output(siftd, "--version"),
        "rustc": output("rustc", "--version"),
        "commit": output("git", "rev-parse", "--short", "HEAD"),
        "rounds": given.rounds,
        "seconds": given.seconds,
        "memory_budget_mb": given.memory_budget,
    }
    with tempfile.TemporaryDirectory() as scratch:
        setup = measures.Setup(siftd, build("serving"), Path(scratch), given)
        run = {
            "hits": lambda: measures.measure_hits(setup),
            "beside": lambda: measures.measure_beside(setup),
            "overload": lambda: measures.measure_overload(setup, given.factors),
            "memory": lambda: measures.measure_memory(setup),
        }
        for part in (part for part in PARTS if part in given.only):
            print(f"measuring {part}", file=sys.stderr, flush=True)
            record[part] = run[part]()
    text = "\n".join(markdown(record)) + "\n"
    print(text)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / f"{date}-serving.json").write_text(json.dumps(record, indent=1) + "\n")
    (given.out / f"{date}-serving.md").write_text(text)
    print(f"wrote {given.out / date}-serving.md and .json", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
