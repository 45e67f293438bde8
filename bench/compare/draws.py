#!/usr/bin/env python3
"""Compares siftd's kernels with OpenCV's for pictures and parameters drawn at random: results, and times. See README.md."""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in (".", "parity")]

import index  # noqa: E402
import parity  # noqa: E402
import record  # noqa: E402
from awake import Awake  # noqa: E402
from drawn import Draws  # noqa: E402
from opencv_side import FEATURE  # noqa: E402
from sides import available, build, sides  # noqa: E402

TITLES = {"denoise": "Non-local means", "detect": "SIFT"}
# Draws of each that a record lists, those with the lowest ratios.
LISTED = 12


def features(path):
    found = np.fromfile(path, FEATURE)
    return parity.Features(found["keypoint"][:, :4], found["octave"], found["descriptor"])


def differs(what, expected, actual):
    """How a result differs from OpenCV's, in words, if it does, and whether by more than it may."""
    if what == "denoise":
        theirs, ours = (np.fromfile(path, np.uint8) for path in (expected, actual))
        different = np.count_nonzero(theirs != ours)
        return f"{different} bytes" if different else "", different > 0
    score = parity.compare(features(expected), features(actual))
    counts = {
        "missing": score.expected - score.found,
        "extra": score.actual - score.found,
        "far descriptors": score.far,
    }
    words = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"{words} of {score.expected} keypoints" if words else "", not score.passes()


def measure(what, words, case, sets, rounds, scratch):
    """Runs each side once, keeping its result, and then in turn, one thread each."""
    columns = sides(case, sets)
    outputs = {column: scratch / column for column in ("opencv", *sets)}
    for column, side in columns.items():
        side.run(case, 1, outputs.get(column))
    times = {column: [] for column in columns}
    for _ in range(rounds):
        for column, side in columns.items():
            times[column].append(side.run(case, 1)[0])
    for side in columns.values():
        side.close()
    # SIFT beside OpenCV with its memory kept, as it maps that anew or not by chance.
    theirs = "kept" if "kept" in times else "opencv"
    differing = {isa: differs(what, outputs["opencv"], outputs[isa]) for isa in sets}
    return {
        "what": what,
        "draw": words,
        "differs": {isa: text for isa, (text, _) in differing.items() if text},
        "short": any(is_short for _, is_short in differing.values()),
        "ratio": {isa: record.ratio(times[theirs], times[isa]) for isa in sets},
        "beside": theirs,
        "median_ms": {column: statistics.median(values) for column, values in times.items()},
    }


def markdown(measured):
    sets = measured["instruction_sets"]
    yield f"# Draws at random beside OpenCV, {measured['date']}"
    yield ""
    yield record.made_with(measured)
    yield "Pictures, sizes and parameters drawn at random; medians of alternating runs, one thread each, in milliseconds, in brackets how"
    yield "many times faster than OpenCV, for SIFT with its memory kept. Each draw has processes of its own; processors are kept awake"
    yield "meanwhile. Listed are the draws with the lowest ratios. Made by"
    yield f"`python bench/compare/draws.py {' '.join(f'--{name} {measured[name]}' for name in ('seed', 'draws', 'rounds'))}`."
    for what, title in TITLES.items():
        rows = [row for row in measured["rows"] if row["what"] == what]
        yield ""
        yield f"## {title}"
        yield ""
        different = [row for row in rows if row["differs"]]
        same = "byte for byte OpenCV's" if what == "denoise" else "OpenCV's, as `bench/parity` compares features"
        yield f"Of {len(rows)} draws {len(rows) - len(different)} are {same}."
        for row in different:
            yield f"{row['draw']}: {', '.join(f'{text} ({isa})' for isa, text in row['differs'].items())}."
        yield ""
        yield "| times OpenCV's speed | least | 5 of 100 below | median | greatest |"
        yield "|---|---:|---:|---:|---:|"
        for isa in sets:
            ratios = np.array([row["ratio"][isa] for row in rows])
            yield f"| {isa} | {' | '.join(f'{np.quantile(ratios, q):.2f}' for q in (0, 0.05, 0.5, 1))} |"
        yield ""
        yield f"| draw | OpenCV | {' | '.join(sets)} |"
        yield f"|---|---:|{'---:|' * len(sets)}"
        for row in sorted(rows, key=lambda row: min(row["ratio"].values()))[:LISTED]:
            ours = [f"{row['median_ms'][isa]:.2f} ({row['ratio'][isa]:.2f}x)" for isa in sets]
            yield f"| {row['draw']} | {row['median_ms'][row['beside']]:.2f} | {' | '.join(ours)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another one draws others (%(default)s)")
    parser.add_argument("--draws", type=int, default=100, help="of each kernel (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side that count (%(default)s)")
    parser.add_argument("--sets", nargs="+", help="instruction sets (avx512 and avx2, as far as the machine has them)")
    parser.add_argument("--out", type=Path, default=index.RECORDS, help="folder of the record")
    arguments = parser.parse_args()
    if arguments.draws < 1 or arguments.rounds < 1:
        parser.error("--draws and --rounds are 1 at least")

    build()
    draws, rows = Draws(arguments.seed), []
    with tempfile.TemporaryDirectory() as scratch, Awake():
        scratch = Path(scratch)
        sets = arguments.sets or available(["avx512", "avx2"], scratch) or ["scalar"]
        for what, draw in (("denoise", draws.denoising), ("detect", draws.detection)):
            for _ in range(arguments.draws):
                words, case = draw(scratch / "pixels")
                row = measure(what, words, case, sets, arguments.rounds, scratch)
                rows.append(row)
                ratios = " ".join(f"{isa} {row['ratio'][isa]:.2f}x" for isa in sets)
                differing = "".join(f", differs with {isa}: {text}" for isa, text in row["differs"].items())
                print(f"{TITLES[what]}, {words}: {ratios}{differing}", flush=True)
    asked = {"seed": arguments.seed, "draws": arguments.draws, "rounds": arguments.rounds, "instruction_sets": sets}
    measured = record.about() | asked | {"rows": rows}
    record.write(arguments.out, f"draws-{arguments.seed}", measured, markdown(measured))
    different, short = sum(bool(row["differs"]) for row in rows), sum(row["short"] for row in rows)
    print(f"{different} of {len(rows)} draws differ from OpenCV's, {short} by more than they may")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
