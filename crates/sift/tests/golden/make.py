#!/usr/bin/env python3
"""Makes the golden files of `tests/parity.rs` from OpenCV's SIFT.

    pip install opencv-python-headless==5.0.0.93 numpy
    python make.py

Writes `IMAGE.pgm` (binary, 8 bit, one space or newline between the fields of its header) and, for each set of
parameters, `IMAGE.CASE.sift`, little-endian:

    u32  max_features, octave_layers, precise_upscale (0 or 1)
    f64  contrast_threshold, edge_threshold, sigma
    u32  n
    n times    f32 x, y, size, angle, response; i32 octave
    n times    u8[128], the descriptor

OpenCV's last bits hang on the processor: of files that are there, commit only those that a change is about.

Keypoints stand in OpenCV's order; where max_features leaves some out, OpenCV's order means nothing and they are
sorted by position.
"""

import struct
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parents[3] / "testdata" / "pictures"

DEFAULTS = dict(max_features=0, octave_layers=3, precise_upscale=False, contrast=0.04, edge=10.0, sigma=1.6)
VARIED = {
    "layers-1": dict(octave_layers=1),
    "layers-2": dict(octave_layers=2),
    "layers-5": dict(octave_layers=5),
    "layers-9": dict(octave_layers=9),
    "layers-17": dict(octave_layers=17),
    "layers-32": dict(octave_layers=32),
    "contrast-0": dict(contrast=0.0),
    "contrast-0.01": dict(contrast=0.01),
    "contrast-0.1": dict(contrast=0.1),
    "edge-1.5": dict(edge=1.5),
    "edge-5": dict(edge=5.0),
    "edge-20": dict(edge=20.0),
    "sigma-0.5": dict(sigma=0.5),
    "sigma-0.8": dict(sigma=0.8),
    "sigma-1.2": dict(sigma=1.2),
    "sigma-2": dict(sigma=2.0),
    "sigma-3.2": dict(sigma=3.2),
    "precise": dict(precise_upscale=True),
    "strongest-20": dict(max_features=20),
}
# The images on which every case is run. The others see the defaults and, where those find nothing, no contrast threshold;
# where much is as its neighbours are, one layer without a threshold, too: then each candidate takes the topmost level.
THOROUGH = ("cat", "wall")
BARREN = ("strip", "pillar", "crumb", "pixel", "flat")
EVEN = ("page", "bars")
# Where much is black.
DARK = ("stars",)


def cases(image):
    if image in THOROUGH:
        return {"default": {}, **VARIED}
    if image in BARREN:
        return {"default": {}, "contrast-0": VARIED["contrast-0"]}
    if image in EVEN:
        single = dict(octave_layers=1, contrast=0.0)
        return {"contrast-0": VARIED["contrast-0"], "layers-1.contrast-0": single}
    if image in DARK:
        return {name: case for name, case in VARIED.items() if name in ("contrast-0.01", "layers-9", "sigma-0.8")}
    return {"default": {}}


def crop(picture, x, y, width, height):
    grey = cv2.imread(str(PICTURES / picture), cv2.IMREAD_GRAYSCALE)
    return grey[y:y + height, x:x + width].copy()


def noisy_gradient(width, height):
    """A slope with noise of two scales."""
    random = np.random.default_rng(20261123)
    slope = np.add.outer(np.arange(height), 1.5 * np.arange(width))
    coarse = cv2.resize(random.normal(0, 40, (height // 8, width // 8)), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(20 + slope * 0.6 + coarse + random.normal(0, 6, (height, width)), 0, 255).astype(np.uint8)


def page(width, height):
    """Dark words, rectangles, on a white page."""
    random = np.random.default_rng(20261130)
    grey = np.full((height, width), 255, np.uint8)
    for top in range(12, height - 12, 11):
        left = 10
        while (right := left + int(random.integers(4, 20))) < width - 10:
            grey[top:top + int(random.integers(4, 7)), left:right] = random.integers(0, 90)
            left = right + 4
    return grey


def bars(width, height):
    """Bars across a slow wave, all rows alike."""
    x = np.arange(width)
    return np.tile(np.rint(127 + 60 * np.sin(x / 2.5) + 50 * np.sin(x / 17)).astype(np.uint8), (height, 1))


def stars(width, height):
    """Small discs, bright and dim, on black."""
    random = np.random.default_rng(20261201)
    grey = np.zeros((height, width), np.uint8)
    for _ in range(14):
        centre = (int(random.integers(8, width - 8)), int(random.integers(8, height - 8)))
        cv2.circle(grey, centre, int(random.integers(0, 4)), int(random.integers(30, 256)), -1)
    return grey


def images():
    return {
        "cat": crop("chelsea.jpg", 120, 60, 128, 96),
        "wall": crop("brick.png", 200, 150, 96, 128),
        "face": crop("astronaut.jpg", 150, 40, 96, 160),
        "cup": crop("coffee.jpg", 200, 80, 131, 77),
        "tripod": crop("camera.png", 180, 120, 90, 256),
        "strip": crop("coffee.jpg", 150, 150, 300, 8),
        "pillar": crop("camera.png", 250, 100, 9, 200),
        "crumb": crop("camera.png", 200, 200, 5, 9),
        "pixel": np.full((1, 1), 77, np.uint8),
        "flat": np.full((64, 48), 128, np.uint8),
        "noisy-gradient": noisy_gradient(120, 88),
        "page": page(160, 96),
        "bars": bars(128, 72),
        "stars": stars(160, 120),
    }


def detect(grey, max_features, octave_layers, precise_upscale, contrast, edge, sigma):
    sift = cv2.SIFT_create(max_features, octave_layers, contrast, edge, sigma, cv2.CV_8U, precise_upscale)
    keypoints, descriptors = sift.detectAndCompute(grey, None)
    order = list(range(len(keypoints)))
    if max_features:
        order.sort(key=lambda i: (keypoints[i].pt, -keypoints[i].size, keypoints[i].angle))
    chosen = [keypoints[i] for i in order]
    return chosen, descriptors[order] if chosen else np.empty((0, 128), np.uint8)


def write_case(path, parameters, keypoints, descriptors):
    integers = [parameters[name] for name in ("max_features", "octave_layers", "precise_upscale")]
    reals = [parameters[name] for name in ("contrast", "edge", "sigma")]
    parts = [struct.pack("<3I3dI", *integers, *reals, len(keypoints))]
    parts += [struct.pack("<5fi", *k.pt, k.size, k.angle, k.response, k.octave) for k in keypoints]
    assert descriptors.dtype == np.uint8 and descriptors.shape == (len(keypoints), 128)
    path.write_bytes(b"".join(parts) + descriptors.tobytes())


def main():
    assert cv2.__version__ == "5.0.0", cv2.__version__
    for old in (*HERE.glob("*.pgm"), *HERE.glob("*.sift")):
        old.unlink()
    for name, grey in images().items():
        height, width = grey.shape
        (HERE / f"{name}.pgm").write_bytes(b"P5 %d %d 255\n" % (width, height) + grey.tobytes())
        for case, changed in cases(name).items():
            parameters = DEFAULTS | changed
            found = detect(grey, **parameters)
            write_case(HERE / f"{name}.{case}.sift", parameters, *found)
            print(f"{name}.{case}: {len(found[0])}")


if __name__ == "__main__":
    main()
