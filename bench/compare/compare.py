#!/usr/bin/env python3
"""Times siftd's kernels and OpenCV's on the same pixels, in turn, and writes a dated record. See README.md."""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import index  # noqa: E402
import record  # noqa: E402
from awake import Awake  # noqa: E402
from machine import ProcessorTime  # noqa: E402
from record import ratio  # noqa: E402
from sides import Case, available, build, denoise, detect, samples, sides  # noqa: E402

# Strength, template and search windows; whether as lightness and colour, not all channels together.
DENOISINGS = {
    "nlm7": (10, 7, 21, True),
    "nlm7-strong": (30, 7, 21, True),
    "nlm9": (10, 9, 15, True),
    "nlm7-together": (10, 7, 21, False),
    "nlm100": (10, 100, 50, True),
}


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
    """What is run, the name of the picture, and the case."""
    named = {path.stem: path for path in samples()}
    for path in [path for folder in folders for path in sorted(folder.glob("*/img1.*"))]:
        if other := named.get(path.parent.name):
            raise SystemExit(f"{path} and {other} have the same name")
        named[path.parent.name] = path
    images = {name: cv2.imread(str(path)) for name, path in named.items()}
    kinds = {
        "nlm7": images,
        "nlm7-strong": ("astronaut", "camera"),
        "nlm9": ("astronaut", "camera"),
        "nlm7-together": ("astronaut", "camera"),
        "nlm100": ("astronaut",) if slow else (),
    }
    for what, names in kinds.items():
        for name in names:
            yield what, name, denoise(scratch / "pixels", images[name], *DENOISINGS[what])
    for name, image in images.items():
        yield "sift", name, detect(scratch / "pixels", cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
        yield "sift", f"{name}, denoised", detect(scratch / "pixels", denoised_grey(image))
    greys = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in named.values()]
    for name, width, height in (("mosaic 2 MP", 1700, 1200), ("mosaic 6 MP", 2832, 2128)):
        yield "sift", name, detect(scratch / "pixels", mosaic(greys, width, height))
    for name, path in named.items():
        height, width = images[name].shape[:2]
        yield "miss", name, Case("miss", path, width, height)


def measure(what, name, case, threads, sets, rounds):
    """Medians in ms of each side, run in turn after a run of each that does not count."""
    rounds, warm = (1, 0) if what == "nlm100" else (rounds, 1)
    columns = sides(case, sets)
    times = {column: [] for column in columns}
    keypoints = {}
    processors = ProcessorTime()
    for run in range(warm + rounds):
        for column, side in columns.items():
            milliseconds, keypoints[column] = side.run(case, threads)
            if run >= warm:
                times[column].append(milliseconds)
    for side in columns.values():
        side.close()
    if len(set(keypoints.values())) > 1:
        raise SystemExit(f"{what} of {name}: different numbers of keypoints: {keypoints}")
    return {
        "what": what,
        "picture": name,
        "width": case.width,
        "height": case.height,
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


def markdown(measured):
    sets = measured["instruction_sets"]
    slow = any(row["what"] == "nlm100" for row in measured["rows"])
    yield f"# siftd beside OpenCV, {measured['date']}"
    yield ""
    yield record.made_with(measured)
    yield "Medians of alternating runs in milliseconds, in brackets how many times faster than OpenCV on as many threads:"
    yield "the median of what each round says; for SIFT also than OpenCV with its memory kept from run to run"
    yield "(`MALLOC_MMAP_THRESHOLD_` and `MALLOC_TRIM_THRESHOLD_` of 4 GiB). Each case has processes of its own; processors are kept"
    yield "awake meanwhile. In the last column what the machine's host gave to others of the processors' time."
    yield f"Made by `python bench/compare/compare.py{' --slow' if slow else ''}`."
    for what, title in TITLES.items():
        rows = [row for row in measured["rows"] if row["what"] == what]
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

    build()
    rows = []
    with tempfile.TemporaryDirectory() as scratch, Awake():
        sets = arguments.sets or available(["avx512", "avx2"], Path(scratch)) or ["scalar"]
        for what, name, case in cases(arguments.folders, Path(scratch), arguments.slow):
            if what not in arguments.only:
                continue
            for threads in arguments.threads:
                row = measure(what, name, case, threads, sets, arguments.rounds)
                rows.append(row)
                print(row["what"], row["picture"], threads, {k: round(v, 1) for k, v in row["median_ms"].items()}, flush=True)
    measured = record.about() | {"instruction_sets": sets, "rows": rows}
    record.write(arguments.out, "", measured, markdown(measured))
    if arguments.out == index.RECORDS:
        index.main()


if __name__ == "__main__":
    sys.exit(main())
