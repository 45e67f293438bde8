#!/usr/bin/env python3
"""Compares the features that `siftd detect` gives for folders of images with live OpenCV's. See README.md."""

import argparse
import itertools
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

EXTENSIONS = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pbm", ".pgm", ".ppm", ".pnm"}

POSITION_TOLERANCE = 0.05  # px
SIZE_TOLERANCE = 0.01  # relative
ANGLE_TOLERANCE = 1.0  # degrees
DESCRIPTOR_TOLERANCE = 8.0  # L2

LEAST_FOUND = 0.999
MOST_EXTRA = 0.001
LEAST_NEAR = 0.999


@dataclass
class Features:
    """Keypoints (n, 4): x, y, size, angle; octaves (n,) as OpenCV packs them; descriptors (n, 128)."""

    keypoints: np.ndarray
    octaves: np.ndarray
    descriptors: np.ndarray

    def __len__(self):
        return len(self.keypoints)

    @classmethod
    def none(cls):
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.int32), np.empty((0, 128), np.uint8))


@dataclass
class Setting:
    """What both sides are asked for."""

    denoise: str
    octave_layers: int
    sigma: float

    def __str__(self):
        return f"denoise {self.denoise}, {self.octave_layers} layers, sigma {self.sigma:g}"


@dataclass
class Score:
    """What a comparison counted; scores add up."""

    expected: int = 0
    actual: int = 0
    found: int = 0
    far: int = 0
    identical: int = 0
    max_shift: float = 0.0

    def __add__(self, other):
        return Score(
            self.expected + other.expected,
            self.actual + other.actual,
            self.found + other.found,
            self.far + other.far,
            self.identical + other.identical,
            max(self.max_shift, other.max_shift),
        )

    @property
    def found_share(self):
        return self.found / self.expected if self.expected else 1.0

    @property
    def extra_share(self):
        return (self.actual - self.found) / max(self.expected, 1)

    @property
    def far_share(self):
        return self.far / self.found if self.found else 0.0

    @property
    def identical_share(self):
        return self.identical / self.found if self.found else 1.0

    def passes(self):
        return (
            self.found_share >= LEAST_FOUND
            and self.extra_share <= MOST_EXTRA
            and 1.0 - self.far_share >= LEAST_NEAR
        )


def opencv_features(path, setting):
    """OpenCV's answer, or None where it can't read the picture."""
    image = cv2.imread(str(path))
    if image is None:
        return None
    if setting.denoise == "nlm":
        image = cv2.fastNlMeansDenoisingColored(image, None, 10, 10, 7, 21)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    sift = cv2.SIFT_create(nOctaveLayers=setting.octave_layers, sigma=setting.sigma)
    keypoints, descriptors = sift.detectAndCompute(grey, None)
    if not keypoints:
        return Features.none()
    rows = np.array([(*k.pt, k.size, k.angle) for k in keypoints], np.float32)
    octaves = np.array([k.octave for k in keypoints], np.int32)
    return Features(rows, octaves, descriptors.astype(np.uint8))


def siftd_features(path):
    """siftd's answer in an npz file, or None where it wrote none."""
    if not path.exists():
        return None
    with np.load(path) as data:
        features = Features(data["keypoints"], data["octaves"], data["descriptors"])
        n = len(features)
        assert features.keypoints.shape == (n, 4) and features.keypoints.dtype == np.float32, path
        assert data["responses"].shape == (n,) and features.octaves.shape == (n,), path
        assert features.descriptors.shape == (n, 128) and features.descriptors.dtype == np.uint8, path
    return features


def candidates(expected, i, actual, order, sorted_x):
    """Indices into `actual` of the keypoints that agree with `expected`'s i-th within tolerance."""
    x, y, size, angle = expected.keypoints[i]
    low = np.searchsorted(sorted_x, x - POSITION_TOLERANCE, "left")
    high = np.searchsorted(sorted_x, x + POSITION_TOLERANCE, "right")
    near = order[low:high]
    rows = actual.keypoints[near]
    turn = np.mod(rows[:, 3] - angle, 360.0)
    agree = (
        (np.hypot(rows[:, 0] - x, rows[:, 1] - y) <= POSITION_TOLERANCE)
        & (np.abs(rows[:, 2] / size - 1.0) <= SIZE_TOLERANCE)
        & (np.minimum(turn, 360.0 - turn) <= ANGLE_TOLERANCE)
        & (actual.octaves[near] & 0xFFFF == expected.octaves[i] & 0xFFFF)
    )
    return near[agree]


def compare(expected, actual):
    """Pairs keypoints one to one, the nearest descriptor first, and counts."""
    score = Score(expected=len(expected), actual=len(actual))
    order = np.argsort(actual.keypoints[:, 0], kind="stable")
    sorted_x = actual.keypoints[order, 0]
    free = np.ones(len(actual), bool)
    for i in range(len(expected)):
        near = candidates(expected, i, actual, order, sorted_x)
        near = near[free[near]]
        if not len(near):
            continue
        difference = actual.descriptors[near].astype(np.float64) - expected.descriptors[i]
        distances = np.linalg.norm(difference, axis=1)
        best = int(np.argmin(distances))
        shift = actual.keypoints[near[best], :2].astype(np.float64) - expected.keypoints[i, :2]
        free[near[best]] = False
        score.found += 1
        score.far += bool(distances[best] > DESCRIPTOR_TOLERANCE)
        score.identical += bool(distances[best] == 0)
        score.max_shift = max(score.max_shift, float(np.hypot(*shift)))
    return score


def pictures(folder):
    """Paths of the pictures in a folder, relative to it. Each needs a stem of its own: the answer is STEM.npz."""
    paths = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.suffix.lower() in EXTENSIONS)
    stems = [p.with_suffix("") for p in paths]
    twins = sorted({str(s) for s in stems if stems.count(s) > 1})
    if twins:
        raise SystemExit(f"{folder}: pictures that differ in their extension alone: {', '.join(twins)}")
    return paths


def row(name, score):
    return (
        f"{name:<40} {score.expected:>8} {score.actual:>8} {score.found_share:>9.3%} {score.extra_share:>8.3%}"
        f" {score.far_share:>8.3%} {score.identical_share:>10.3%} {score.max_shift:>10.6f}"
    )


def run_siftd(siftd, folder, out, setting):
    command = [siftd, "detect", folder, "--format", "npz", "-o", out, "--denoise", setting.denoise]
    command += ["--octave-layers", str(setting.octave_layers), "--sigma", str(setting.sigma)]
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        print(f"siftd ended with {result.returncode}:\n{result.stderr.rstrip()}")


def compare_folder(siftd, folder, setting):
    """Prints a line for each picture and the total. Returns the total and the number of pictures compared."""
    print(f"\n{folder}, {setting}")
    print(
        f"{'picture':<40} {'opencv':>8} {'siftd':>8} {'found':>9} {'extra':>8} {'far':>8} {'identical':>10}"
        f" {'max px':>10}"
    )
    total, compared = Score(), 0
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        run_siftd(siftd, folder, out, setting)
        for picture in pictures(folder):
            expected = opencv_features(folder / picture, setting)
            if expected is None:
                print(f"{str(picture):<40} not compared: OpenCV can't read it")
                continue
            actual = siftd_features(out / picture.with_suffix(".npz"))
            compared += actual is not None
            if actual is None:
                print(f"{str(picture):<40} siftd gave no answer")
                # A picture without keypoints must still be answered.
                score = Score(expected=max(len(expected), 1))
            else:
                score = compare(expected, actual)
                print(row(str(picture), score))
            total += score
    print(row("total", total))
    return total, compared


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="folders of images, walked")
    parser.add_argument("--siftd", type=Path, default=Path("target/release/siftd"), help="the binary (%(default)s)")
    parser.add_argument("--denoise", nargs="+", choices=("none", "nlm"), default=["none", "nlm"], help="both by default")
    parser.add_argument("--octave-layers", nargs="+", type=int, default=[3], metavar="N", help="one after the other (3)")
    parser.add_argument("--sigma", nargs="+", type=float, default=[1.6], metavar="S", help="one after the other (1.6)")
    arguments = parser.parse_args()
    if not arguments.siftd.is_file():
        parser.error(f"{arguments.siftd} is no file: build it with `cargo build --release`, or name it with --siftd")
    for folder in arguments.folders:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")

    print(f"OpenCV {cv2.__version__}, NumPy {np.__version__}")
    settings = itertools.product(arguments.denoise, arguments.octave_layers, arguments.sigma)
    settings = [Setting(*setting) for setting in settings]
    comparisons, short, empty = 0, [], []
    for folder, setting in itertools.product(arguments.folders, settings):
        total, compared = compare_folder(arguments.siftd.resolve(), folder, setting)
        comparisons += compared
        if not compared:
            empty.append(f"{folder}, {setting}")
        elif not total.passes():
            short.append(f"{folder}, {setting}")
    print()
    if short:
        print("short of the bar: " + "; ".join(short))
    if empty:
        print("nothing was compared: " + "; ".join(empty))
        return 2
    if short:
        return 1
    print(f"parity: {comparisons} comparisons, all folders reach the bar")
    return 0


if __name__ == "__main__":
    sys.exit(main())
