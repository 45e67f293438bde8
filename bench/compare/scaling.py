"""What siftd takes for pictures of any size, and what threads save: one picture repeated, so that all sizes have the same in them."""

import math
import subprocess
import time

import cv2
import numpy as np

from sides import ROOT, Side, denoise, detect

SIFTD = ROOT / "target" / "release" / "siftd"

# Copies across and down.
SIZES = [(1, 1), (3, 3), (6, 4), (10, 9)]
# How many pictures are given to threads together.
SMALL = 24


def repeated(image, across, down):
    return np.tile(image, (down, across) + (1,) * (image.ndim - 2))


def measure(photograph, scratch, sets, threads, rounds):
    grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)
    one = one_picture(by_size(photograph, grey, scratch), sets, threads, rounds)
    return {"one": one, "many": many_pictures(photograph, scratch / "many", sets, threads, rounds)}


def by_size(photograph, grey, scratch):
    """Each kernel with each size."""
    for across, down in SIZES:
        yield "nlm7", denoise(scratch / f"bgr{across}", repeated(photograph, across, down), 10, 7, 21, True)
        yield "sift", detect(scratch / f"grey{across}", repeated(grey, across, down))


def one_picture(cases, sets, threads, rounds):
    """Least ms of each case, set and number of threads, all in turn: sizes and threads are compared, which the machine's noise does
    not meet alike."""
    cases = list(cases)
    sides = {isa: Side(isa) for isa in sets}
    least = {}
    for _ in range(rounds):
        for what, case in cases:
            for isa, side in sides.items():
                for count in threads:
                    key = (what, case.width, case.height, isa, count)
                    milliseconds, _ = side.run(case, count)
                    least[key] = min(milliseconds, least.get(key, math.inf))
    for side in sides.values():
        side.close()
    keys = ("what", "width", "height", "set", "threads")
    return [dict(zip(keys, key)) | {"least_ms": milliseconds} for key, milliseconds in least.items()]


def many_pictures(image, folder, sets, threads, rounds):
    """Least ms of `siftd detect` for a folder of small pictures, denoised, by set and number of threads, in turn."""
    folder.mkdir()
    for number in range(SMALL):
        cv2.imwrite(str(folder / f"{number:02}.png"), np.roll(image, number * image.shape[1] // SMALL, axis=1))
    least = {}
    for _ in range(rounds):
        for isa in sets:
            for count in threads:
                command = [SIFTD, "detect", folder, "--isa", isa, "--threads", str(count)]
                started = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                milliseconds = (time.perf_counter() - started) * 1e3
                least[isa, count] = min(milliseconds, least.get((isa, count), math.inf))
    rows = [{"set": isa, "threads": count, "least_ms": milliseconds} for (isa, count), milliseconds in least.items()]
    return {"pictures": SMALL, "width": image.shape[1], "height": image.shape[0], "rows": rows}
