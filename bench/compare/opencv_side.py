#!/usr/bin/env python3
"""OpenCV's side: reads requests and answers them, one a line, as siftd's side does (src/main.rs)."""

import json
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from sides import FEATURE


def denoise(job, path):
    shape = (job["height"], job["width"], job["channels"])
    image = np.fromfile(path, np.uint8).reshape(shape)
    strength, windows = job["strength"], (job["template_window"], job["search_window"])
    started = time.perf_counter()
    if job["coloured"]:
        clean = cv2.fastNlMeansDenoisingColored(image, None, strength, strength, *windows)
    else:
        clean = cv2.fastNlMeansDenoising(image, None, strength, *windows)
    return time.perf_counter() - started, 0, clean


def detect(job, path):
    grey = np.fromfile(path, np.uint8).reshape(job["height"], job["width"])
    thresholds = (job["contrast_threshold"], job["edge_threshold"])
    detector = cv2.SIFT_create(0, job["octave_layers"], *thresholds, job["sigma"])
    started = time.perf_counter()
    found, descriptors = detector.detectAndCompute(grey, None)
    seconds = time.perf_counter() - started
    features = np.empty(len(found), FEATURE)
    for feature, at in zip(features, found):
        feature["keypoint"] = (*at.pt, at.size, at.angle, at.response)
        feature["octave"] = at.octave
    if len(found):
        features["descriptor"] = descriptors
    return seconds, len(found), features


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
            result.tofile(request["output"])
        print(json.dumps({"seconds": seconds, "keypoints": keypoints}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
