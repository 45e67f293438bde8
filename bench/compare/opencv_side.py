#!/usr/bin/env python3
"""OpenCV's side of compare.py: reads requests and answers them, one a line, as siftd's side does (src/main.rs)."""

import sys
import time
from pathlib import Path

import cv2
import numpy as np


# Template and search windows, and the strength; whether channels are denoised together, not as lightness and colour.
DENOISINGS = {
    "nlm7": (7, 21, 10, False),
    "nlm7-strong": (7, 21, 30, False),
    "nlm9": (9, 15, 10, False),
    "nlm7-together": (7, 21, 10, True),
    "nlm100": (100, 50, 10, False),
}


def timed(what, path):
    """Seconds and number of keypoints."""
    detector = cv2.SIFT_create()
    if what == "miss":
        data = np.frombuffer(Path(path).read_bytes(), np.uint8)
        started = time.perf_counter()
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        clean = cv2.fastNlMeansDenoisingColored(image, None, 10, 10, 7, 21)
        found, _ = detector.detectAndCompute(cv2.cvtColor(clean, cv2.COLOR_BGR2GRAY), None)
        return time.perf_counter() - started, len(found)
    if what == "sift":
        image = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        started = time.perf_counter()
        found, _ = detector.detectAndCompute(image, None)
        return time.perf_counter() - started, len(found)
    template, search, strength, together = DENOISINGS[what]
    image = cv2.imread(path)
    started = time.perf_counter()
    if together:
        cv2.fastNlMeansDenoising(image, None, strength, template, search)
    else:
        cv2.fastNlMeansDenoisingColored(image, None, strength, strength, template, search)
    return time.perf_counter() - started, 0


def main():
    for line in sys.stdin:
        what, _, threads, path = line.rstrip("\n").split("\t")
        cv2.setNumThreads(int(threads))
        seconds, keypoints = timed(what, path)
        print(seconds, keypoints, flush=True)


if __name__ == "__main__":
    sys.exit(main())
