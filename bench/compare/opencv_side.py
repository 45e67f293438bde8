#!/usr/bin/env python3
"""OpenCV's side: reads requests and answers them, one a line, as siftd's side does (src/main.rs), but ends where one fails.

What else a process allocated decides whether glibc gives OpenCV's SIFT the same memory again or maps it anew, at up to 1.7 times the
time: with an import more it does. As it is here OpenCV takes as long as with all memory kept, on most pictures."""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

# Features in a file, one after another (src/features.rs): x, y, size, angle and response, the octave as OpenCV packs it.
FEATURE = np.dtype([("keypoint", "<f4", 5), ("octave", "<i4"), ("descriptor", "u1", 128)])


def read(path, shape):
    """A PNG, or pixels as they are."""
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED) if path.endswith(".png") else np.fromfile(path, np.uint8)
    return image.reshape(shape)


def denoise(job, path):
    image = read(path, (job["height"], job["width"], job["channels"]))
    strength, windows = job["strength"], (job["template_window"], job["search_window"])
    started = time.perf_counter()
    if job["coloured"]:
        clean = cv2.fastNlMeansDenoisingColored(image, None, strength, strength, *windows)
    else:
        clean = cv2.fastNlMeansDenoising(image, None, strength, *windows)
    return time.perf_counter() - started, 0, clean


def detect(job, path):
    grey = read(path, (job["height"], job["width"]))
    thresholds = (job["contrast_threshold"], job["edge_threshold"])
    detector = cv2.SIFT_create(0, job["octave_layers"], *thresholds, job["sigma"])
    started = time.perf_counter()
    found, descriptors = detector.detectAndCompute(grey, None)
    seconds = time.perf_counter() - started
    return seconds, len(found), (found, descriptors)


def features(found, descriptors):
    """As a file has them."""
    rows = np.empty(len(found), FEATURE)
    for row, at in zip(rows, found):
        row["keypoint"] = (*at.pt, at.size, at.angle, at.response)
        row["octave"] = at.octave
    if len(found):
        rows["descriptor"] = descriptors
    return rows


def miss(path):
    data = np.frombuffer(Path(path).read_bytes(), np.uint8)
    detector = cv2.SIFT_create()
    started = time.perf_counter()
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    clean = cv2.fastNlMeansDenoisingColored(image, None, 10, 10, 7, 21)
    found, _ = detector.detectAndCompute(cv2.cvtColor(clean, cv2.COLOR_BGR2GRAY), None)
    return time.perf_counter() - started, len(found), None


def run(job, path):
    """Seconds, number of keypoints, and the result."""
    if job == "miss":
        return miss(path)
    [(what, asked)] = job.items()
    return {"denoise": denoise, "detect": detect}[what](asked, path)


def main():
    for line in sys.stdin:
        request = json.loads(line)
        cv2.setNumThreads(request["threads"])
        seconds, keypoints, result = run(request["job"], request["input"])
        if request["output"]:
            (features(*result) if "detect" in request["job"] else result).tofile(request["output"])
        # The memory of the next one is what this one gives back.
        del result
        print(json.dumps({"seconds": seconds, "keypoints": keypoints}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
