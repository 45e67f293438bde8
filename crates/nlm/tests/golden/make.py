#!/usr/bin/env python3
"""Makes the golden files beside it with OpenCV (opencv-python-headless 5.0.0.93, numpy).

cases.bin: for each case seven little-endian 32-bit fields (coloured 0/1, channels, width, height, template window,
search window: u32; then h and h_color: f32, so eight in all), the input's bytes and the output's.
lab.bin: 256 pairs of CRC-32: of the 65,536 pixels with that first byte (the other two counted up, the last fastest)
after COLOR_LBGR2Lab, and after COLOR_Lab2LBGR.
"""
import os
import struct
import zlib

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(7)


def picture(height, width, channels):
    """Smooth shapes, edges and noise, so that weights of all sizes occur."""
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        smooth = 128 + 60 * np.sin(x / (3.0 + c)) + 50 * np.cos(y / (4.0 + c))
        edges = 40 * ((x // 7 + y // 5 + c) % 2)
        planes.append(smooth + edges - 20 + rng.normal(0, 8, (height, width)))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


CASES = [  # channels, width, height, h, template, search
    (1, 40, 30, 10, 7, 21), (2, 40, 30, 10, 7, 21), (3, 33, 29, 10, 7, 21), (4, 31, 28, 10, 7, 21),
    (1, 37, 23, 3, 7, 21), (1, 37, 23, 30, 7, 21), (2, 37, 23, 100, 7, 21), (1, 20, 20, 0, 7, 21), (1, 20, 20, 0.5, 7, 21),
    (1, 37, 23, 10, 6, 20), (1, 37, 23, 10, 3, 5), (3, 24, 25, 20, 5, 11), (1, 37, 23, 10, 1, 1), (1, 37, 23, 10, 1, 9),
    (1, 37, 23, 10, 9, 15), (2, 16, 17, 12, 100, 50), (1, 30, 20, 10, 100, 50), (1, 9, 8, 10, 2, 3), (1, 64, 3, 15, 11, 13),
    (1, 5, 9, 10, 7, 21), (1, 40, 1, 10, 7, 21), (1, 1, 40, 10, 7, 21), (1, 1, 1, 10, 7, 21), (3, 2, 2, 10, 7, 21),
    (1, 120, 90, 10, 7, 21), (1, 20, 15, 10, 7, 71), (4, 12, 12, 60, 90, 9), (1, 17, 150, 10, 21, 9),
]
COLORED = [  # width, height, h, h_color, template, search
    (64, 48, 10, 10, 7, 21), (33, 20, 3, 30, 7, 21), (20, 31, 10, 10, 100, 50), (5, 9, 10, 10, 7, 21), (1, 1, 10, 10, 7, 21),
    (30, 30, 0, 10, 6, 20),
]


def write(out, colored, image, h, h_color, template, search, result):
    height, width = image.shape[:2]
    channels = 1 if image.ndim == 2 else image.shape[2]
    out.write(struct.pack("<6I2f", colored, channels, width, height, template, search, h, h_color))
    out.write(image.tobytes() + result.tobytes())


def main():
    assert cv2.__version__ == "5.0.0", cv2.__version__
    with open(os.path.join(HERE, "cases.bin"), "wb") as out:
        for channels, width, height, h, template, search in CASES:
            image = picture(height, width, channels)
            image = image[..., 0].copy() if channels == 1 else image
            result = cv2.fastNlMeansDenoising(image, None, h, template, search)
            write(out, 0, image, h, 0, template, search, result)
        speck = np.full((21, 21), 100, np.uint8)
        speck[10, 10] = 126
        for h in (9.89, 9.9, 9.91):  # weights about the threshold below which they count as zero
            write(out, 0, speck, h, 0, 1, 21, cv2.fastNlMeansDenoising(speck, None, h, 1, 21))
        for width, height, h, h_color, template, search in COLORED:
            for image in (picture(height, width, 3), np.repeat(picture(height, width, 1), 3, 2)):
                result = cv2.fastNlMeansDenoisingColored(image, None, h, h_color, template, search)
                write(out, 1, image, h, h_color, template, search, result)
    rest = np.stack(np.meshgrid(np.arange(256), np.arange(256), indexing="ij"), -1).reshape(1, -1, 2)
    with open(os.path.join(HERE, "lab.bin"), "wb") as out:
        for first in range(256):
            image = np.concatenate([np.full((1, 65536, 1), first), rest], -1).astype(np.uint8)
            for code in (cv2.COLOR_LBGR2Lab, cv2.COLOR_Lab2LBGR):
                out.write(struct.pack("<I", zlib.crc32(cv2.cvtColor(image, code).tobytes())))


if __name__ == "__main__":
    main()
