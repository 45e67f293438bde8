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
import keypoints  # noqa: E402
import memory  # noqa: E402
import record  # noqa: E402
import scaling  # noqa: E402
from awake import Awake  # noqa: E402
from machine import ProcessorTime  # noqa: E402
from record import ratio  # noqa: E402
from sides import SAMPLES, Case, available, build, denoise, detect, samples, sides  # noqa: E402
from tables import TITLES, markdown  # noqa: E402

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


def is_grey(image):
    return bool((image == image[..., :1]).all())


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
    titles = {name: f"{name}, grey" if is_grey(image) else name for name, image in images.items()}
    kinds = {
        "nlm7": images,
        "nlm7-strong": ("astronaut", "camera"),
        "nlm9": ("astronaut", "camera"),
        "nlm7-together": ("astronaut", "camera"),
        "nlm100": ("astronaut",) if slow else (),
    }
    for what, names in kinds.items():
        for name in names:
            yield what, titles[name], denoise(scratch / "pixels", images[name], *DENOISINGS[what])
    for name, image in images.items():
        yield "sift", name, detect(scratch / "pixels", cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
        yield "sift", f"{name}, denoised", detect(scratch / "pixels", denoised_grey(image))
    greys = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in named.values()]
    for name, width, height in (("mosaic 2 MP", 1700, 1200), ("mosaic 6 MP", 2832, 2128)):
        yield "sift", name, detect(scratch / "pixels", mosaic(greys, width, height))
    for name, path in named.items():
        height, width = images[name].shape[:2]
        yield "miss", titles[name], Case("miss", path, width, height)


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


def main():
    parts = [*TITLES, "keypoints", "memory", "scaling"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="folders with more pictures, as */img1.*")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each side that count (%(default)s)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="%(default)s")
    parser.add_argument("--sets", nargs="+", help="instruction sets (avx512 and avx2, as far as the machine has them)")
    parser.add_argument("--slow", action="store_true", help="also 100/50, which takes OpenCV half a minute")
    parser.add_argument("--only", choices=parts, nargs="+", default=parts, help="leave the others out")
    parser.add_argument("--out", type=Path, default=index.RECORDS, help="folder of the record")
    arguments = parser.parse_args()

    build("siftd")
    with tempfile.TemporaryDirectory() as scratch, Awake():
        scratch = Path(scratch)
        sets = arguments.sets or available(["avx512", "avx2"], scratch) or ["scalar"]
        measured = record.about() | {"instruction_sets": sets, "rows": []}
        for what, name, case in cases(arguments.folders, scratch, arguments.slow):
            if what not in arguments.only:
                continue
            for threads in arguments.threads:
                row = measure(what, name, case, threads, sets, arguments.rounds)
                measured["rows"].append(row)
                print(row["what"], row["picture"], threads, {k: round(v, 1) for k, v in row["median_ms"].items()}, flush=True)
        photograph = cv2.imread(str(SAMPLES / "astronaut.jpg"))
        if "keypoints" in arguments.only:
            measured["keypoints"] = keypoints.measure(photograph, scratch, sets, arguments.rounds)
        if "memory" in arguments.only:
            measured["memory"] = memory.measure(photograph, scratch, sets, arguments.threads)
        if "scaling" in arguments.only:
            measured["scaling"] = scaling.measure(photograph, scratch, sets, arguments.threads, arguments.rounds)
    record.write(arguments.out, "", measured, markdown(measured))
    if arguments.out == index.RECORDS:
        index.main()


if __name__ == "__main__":
    sys.exit(main())
