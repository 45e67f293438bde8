"""Records of comparisons: what they are of, and where they go."""

import datetime
import json
import operator
import os
import statistics
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import output, processor  # noqa: E402


def cpu():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), [])
    return f"{processor()}, {'AVX-512' if 'avx512f' in flags else 'AVX2' if 'avx2' in flags else 'no AVX2'}"


def about():
    """The day, the machine and the programs."""
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{cpu()}, {len(os.sched_getaffinity(0))} cores",
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "rustc": output("rustc", "--version"),
        "commit": output("git", "rev-parse", "--short", "HEAD"),
    }


def made_with(record):
    return f"{record['machine']}; OpenCV {record['opencv']}, {record['rustc']}, commit {record['commit']}."


def ratio(theirs, ours):
    """How many times as fast ours is: the median of what each round says."""
    return statistics.median(map(operator.truediv, theirs, ours))


def write(folder, kind, record, lines):
    """The figures and the table, named for the day, the commit and, if there is one, the kind."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join(part for part in (record["date"], record["commit"], kind) if part)
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    (folder / f"{name}.md").write_text("\n".join(lines) + "\n")
    print(f"wrote {folder / name}.md and .json")
