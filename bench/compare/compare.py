#!/usr/bin/env python3
"""Times siftd's kernels and OpenCV's on the same pixels, in turn, and writes a dated record. See README.md."""

import argparse
import datetime
import json
import operator
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import index  # noqa: E402
from awake import Awake  # noqa: E402
from machine import ProcessorTime, output, processor  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "testdata" / "pictures"
PEER = ROOT / "target" / "release" / "compare"

# Where OpenCV's memory comes from decides by a factor of up to 1.5 how long its SIFT takes, and glibc lets that depend on what was
# freed before: each case has processes of its own, and SIFT is run with all memory kept, too.
KEPT = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 32)}


class Side:
    """A process that runs one side's kernels: see src/main.rs for what it reads and answers."""

    def __init__(self, command, isa, environment=()):
        self.isa = isa
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **dict(environment)}
        )

    def run(self, what, threads, path):
        """Milliseconds and number of keypoints."""
        self.process.stdin.write(f"{what}\t{self.isa}\t{threads}\t{path}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] == "error":
            raise SystemExit(f"{self.process.args}: {what} of {path}: {' '.join(answer[1:]) or 'no answer'}")
        return float(answer[0]) * 1e3, int(answer[1])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def available(sets):
    """Those of the instruction sets that this machine has: in place of others the next weaker one would be timed."""
    picture = next(PICTURES.glob("*.jpg"))
    peer = [str(PEER)]
    requests = "".join(f"sift\t{isa}\t1\t{picture}\n" for isa in sets)
    answers = subprocess.run(peer, input=requests, capture_output=True, text=True, check=True).stdout.splitlines()
    return [isa for isa, answer in zip(sets, answers, strict=True) if not answer.startswith("error")]


def sides(what, sets):
    """Fresh processes by column."""
    opencv = [sys.executable, str(Path(__file__).with_name("opencv_side.py"))]
    columns = {"opencv": Side(opencv, "-")}
    if what == "sift":
        columns["kept"] = Side(opencv, "-", KEPT)
    return columns | {isa: Side([str(PEER)], isa) for isa in sets}


def denoised_grey(image):
    return cv2.cvtColor(cv2.fastNlMeansDenoisingColored(image, None, 10, 10, 7, 21), cv2.COLOR_BGR2GRAY)


def mosaic(images, width, height):
    """Pictures side by side in their own resolution, row by row, until the size is filled."""
    canvas = np.zeros((height, width), np.uint8)
    y, index = 0, 0
    while y < height:
        x, tallest = 0, 0
        while x < width:
            image = images[index % len(images)]
            h, w = min(image.shape[0], height - y), min(image.shape[1], width - x)
            canvas[y : y + h, x : x + w] = image[:h, :w]
            x, tallest, index = x + w, max(tallest, h), index + 1
        y += min(tallest, min(image.shape[0] for image in images))
    return canvas


def cases(folders, scratch, slow):
    """What to run, the picture's name and path."""
    paths = sorted(PICTURES.glob("*.jpg")) + sorted(PICTURES.glob("*.png"))
    paths += [path for folder in folders for path in sorted(folder.glob("*/img1.*"))]
    names = {path: path.stem if path.parent == PICTURES else path.parent.name for path in paths}

    def saved(name, image):
        path = scratch / f"{name}.png"
        cv2.imwrite(str(path), image)
        return path

    listed = []
    for path in paths:
        listed.append(("nlm7", names[path], path))
    for what in ("nlm7-strong", "nlm9", "nlm7-together"):
        listed += [(what, path.stem, path) for path in (PICTURES / "astronaut.jpg", PICTURES / "camera.png")]
    for path in paths:
        image = cv2.imread(str(path))
        listed.append(("sift", names[path], saved(names[path], cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))))
        listed.append(("sift", f"{names[path]}, denoised", saved(f"{names[path]}-clean", denoised_grey(image))))
    greys = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    for name, width, height in (("mosaic 2 MP", 1700, 1200), ("mosaic 6 MP", 2832, 2128)):
        listed.append(("sift", name, saved(name.replace(" ", "-"), mosaic(greys, width, height))))
    for path in paths:
        listed.append(("miss", names[path], path))
    if slow:
        listed.append(("nlm100", "astronaut", PICTURES / "astronaut.jpg"))
    return listed


def ratio(theirs, ours):
    """Median of what each round says."""
    return statistics.median(map(operator.truediv, theirs, ours))


def measure(case, threads, sets, rounds):
    """Medians in ms of each side, run in turn after a run of each that does not count."""
    what, name, path = case
    rounds, warm = (1, 0) if what == "nlm100" else (rounds, 1)
    columns = sides(what, sets)
    times = {column: [] for column in columns}
    keypoints = {}
    processors = ProcessorTime()
    for run in range(warm + rounds):
        for column, side in columns.items():
            milliseconds, keypoints[column] = side.run(what, threads, path)
            if run >= warm:
                times[column].append(milliseconds)
    for side in columns.values():
        side.close()
    if len(set(keypoints.values())) > 1:
        raise SystemExit(f"{what} of {name}: different numbers of keypoints: {keypoints}")
    height, width = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE).shape
    return {
        "what": what,
        "picture": name,
        "width": width,
        "height": height,
        "keypoints": keypoints["opencv"],
        "threads": threads,
        "rounds": rounds,
        "stolen": processors.stolen(),
        "ratio": {isa: ratio(times["opencv"], times[isa]) for isa in sets},
        "ratio_kept": {isa: ratio(times["kept"], times[isa]) for isa in sets if "kept" in times},
        "median_ms": {column: statistics.median(values) for column, values in times.items()},
        "least_ms": {column: min(values) for column, values in times.items()},
    }


TITLES = {
    "nlm7": "Non-local means, coloured, 7/21, h 10",
    "nlm7-strong": "Non-local means, coloured, 7/21, h 30",
    "nlm9": "Non-local means, coloured, 9/15, h 10",
    "nlm7-together": "Non-local means of three channels together, 7/21, h 10",
    "sift": "SIFT, grey pixels to descriptors",
    "miss": "A whole miss: decode, denoise (7/21), grey, detect, describe",
    "nlm100": "Non-local means, coloured, 100/50, h 10",
}


def cpu():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), [])
    return f"{processor()}, {'AVX-512' if 'avx512f' in flags else 'AVX2' if 'avx2' in flags else 'no AVX2'}"


def markdown(record):
    sets = record["instruction_sets"]
    slow = any(row["what"] == "nlm100" for row in record["rows"])
    yield f"# siftd beside OpenCV, {record['date']}"
    yield ""
    yield f"{record['machine']}; OpenCV {record['opencv']}, {record['rustc']}, commit {record['commit']}."
    yield "Medians of alternating runs in milliseconds, in brackets how many times faster than OpenCV on as many threads:"
    yield "the median of what each round says; for SIFT also than OpenCV with its memory kept from run to run"
    yield "(`MALLOC_MMAP_THRESHOLD_` and `MALLOC_TRIM_THRESHOLD_` of 4 GiB). Each case has processes of its own; processors are kept"
    yield "awake meanwhile. In the last column what the machine's host gave to others of the processors' time."
    yield f"Made by `python bench/compare/compare.py{' --slow' if slow else ''}`."
    for what, title in TITLES.items():
        rows = [row for row in record["rows"] if row["what"] == what]
        if not rows:
            continue
        yield ""
        yield f"## {title}"
        yield ""
        theirs = ["opencv", "kept"] if what == "sift" else ["opencv"]
        titles = ["OpenCV", "OpenCV, memory kept"][: len(theirs)]
        yield f"| picture | px | keypoints | threads | {' | '.join([*titles, *sets])} | stolen |"
        yield f"|---|---|---:|---:|{'---:|' * (len(theirs) + len(sets))}---:|"
        for row in rows:
            medians = row["median_ms"]
            ratios = {s: ", ".join(f"{row[of][s]:.1f}x" for of in ("ratio", "ratio_kept") if s in row[of]) for s in sets}
            ours = [f"{medians[s]:.1f} ({ratios[s]})" for s in sets]
            keypoints = row["keypoints"] if what in ("sift", "miss") else ""
            yield (
                f"| {row['picture']} | {row['width']}x{row['height']} | {keypoints} | {row['threads']}"
                f" | {' | '.join([*(f'{medians[t]:.1f}' for t in theirs), *ours])} | {row['stolen']:.0%} |"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="folders with more pictures, as */img1.*")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each side that count (%(default)s)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="%(default)s")
    parser.add_argument("--sets", nargs="+", help="instruction sets (avx512 and avx2, as far as the machine has them)")
    parser.add_argument("--slow", action="store_true", help="also 100/50, which takes OpenCV half a minute")
    parser.add_argument("--only", choices=TITLES, nargs="+", default=list(TITLES), help="leave the others out")
    parser.add_argument("--out", type=Path, default=index.RECORDS, help="folder of the record")
    arguments = parser.parse_args()

    subprocess.run(["cargo", "build", "--release", "--locked", "--package", "compare"], cwd=ROOT, check=True)
    sets = arguments.sets or available(["avx512", "avx2"])
    rows = []
    with tempfile.TemporaryDirectory() as scratch, Awake():
        for case in cases(arguments.folders, Path(scratch), arguments.slow):
            if case[0] not in arguments.only:
                continue
            for threads in arguments.threads:
                row = measure(case, threads, sets, arguments.rounds)
                rows.append(row)
                print(row["what"], row["picture"], threads, {k: round(v, 1) for k, v in row["median_ms"].items()}, flush=True)
    date = datetime.date.today().isoformat()
    record = {
        "date": date,
        "machine": f"{cpu()}, {len(os.sched_getaffinity(0))} cores",
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "rustc": output("rustc", "--version"),
        "commit": output("git", "rev-parse", "--short", "HEAD"),
        "instruction_sets": sets,
        "rows": rows,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    name = f"{date}-{record['commit']}"
    (arguments.out / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    (arguments.out / f"{name}.md").write_text("\n".join(markdown(record)) + "\n")
    print(f"wrote {arguments.out / name}.md and .json")
    if arguments.out == index.RECORDS:
        index.main()


if __name__ == "__main__":
    sys.exit(main())
