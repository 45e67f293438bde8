#!/usr/bin/env python3
"""Reads the golden files of every format independently of siftd and compares what they hold. Needs NumPy.

The files are written by `SIFTD_BLESS=1 cargo test -p extract --test encoding`. The readers here are those of
docs/formats.md.
"""
import json
import pathlib
import zlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
FIELDS = ("x", "y", "size", "angle", "response", "octave")

HEADER = np.dtype([
    ("magic", "V8"), ("layout", "<u4"), ("engine", "<u4"), ("width", "<u4"), ("height", "<u4"), ("n", "<u4"),
    ("descriptor", "<u4"), ("sha256", "V32"), ("length", "<u8"), ("payload_crc", "<u4"), ("reserved", "V48"),
    ("header_crc", "<u4")])
KEYPOINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("size", "<f4"), ("angle", "<f4"), ("response", "<f4"), ("octave", "<i4")])


def read_siftd(path):
    data = pathlib.Path(path).read_bytes()
    header, payload = np.frombuffer(data, HEADER, 1)[0], data[128:]
    if header["magic"].tobytes() != b"\x89SIFTD\r\n" or header["layout"] != 1:
        raise ValueError("not a siftd feature file of layout 1")
    if zlib.crc32(data[:124]) != header["header_crc"] or len(payload) != header["length"] \
            or zlib.crc32(payload) != header["payload_crc"]:
        raise ValueError("corrupt")
    n, element = int(header["n"]), {1: np.uint8, 2: np.dtype("<f4")}[int(header["descriptor"])]
    keypoints = np.frombuffer(payload, KEYPOINT, n)
    descriptors = np.frombuffer(payload, element, n * 128, n * KEYPOINT.itemsize).reshape(n, 128)
    return header, keypoints, descriptors


def read_colmap(path):
    first, *lines = pathlib.Path(path).read_text().splitlines()
    n, length = map(int, first.split())
    assert (len(lines), length) == (n, 128), path
    values = np.array([line.split() for line in lines], np.float64).reshape(n, 4 + 128)
    return values[:, :4], values[:, 4:]


def check(name):
    header, keypoints, descriptors = read_siftd(HERE / f"{name}.siftd")
    n, root = len(keypoints), name.startswith("rootsift")
    assert HEADER.itemsize == 128 and KEYPOINT.itemsize == 24

    document = json.loads((HERE / f"{name}.json").read_text())
    assert [document["width"], document["height"]] == [header["width"], header["height"]]
    assert document["sha256"] == header["sha256"].tobytes().hex()
    assert document["engine_version"] == header["engine"]
    assert document["descriptor"] == ("rootsift" if root else "sift")
    assert document["descriptors_shape"] == [n, 128] and len(document["keypoints"]) == n
    for field in FIELDS:
        column = np.array([keypoint[field] for keypoint in document["keypoints"]], KEYPOINT[field])
        np.testing.assert_array_equal(column, keypoints[field])
    np.testing.assert_array_equal(np.array(document["descriptors"], descriptors.dtype).reshape(n, 128), descriptors)

    summary = json.loads((HERE / f"{name}.summary.json").read_text())
    assert summary == {"width": document["width"], "height": document["height"], "keypoints": n,
                       "descriptors_shape": [n, 128], "sha256": document["sha256"]}

    with np.load(HERE / f"{name}.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["descriptors", "image_size", "keypoints", "octaves", "responses"]
        expected = {"keypoints": ("float32", (n, 4)), "responses": ("float32", (n,)), "octaves": ("int32", (n,)),
                    "descriptors": ("float32" if root else "uint8", (n, 128)), "image_size": ("int32", (2,))}
        for array, (element, shape) in expected.items():
            assert (arrays[array].dtype, arrays[array].shape) == (np.dtype(element), shape), array
        for index, field in enumerate(FIELDS[:4]):
            np.testing.assert_array_equal(arrays["keypoints"][:, index], keypoints[field])
        np.testing.assert_array_equal(arrays["responses"], keypoints["response"])
        np.testing.assert_array_equal(arrays["octaves"], keypoints["octave"])
        np.testing.assert_array_equal(arrays["descriptors"], descriptors)
        assert arrays["image_size"].tolist() == [document["width"], document["height"]]

    frames, elements = read_colmap(HERE / f"{name}.txt")
    expected = np.stack([keypoints["x"] + 0.5, keypoints["y"] + 0.5, keypoints["size"] / 2, np.radians(keypoints["angle"])], 1)
    np.testing.assert_allclose(frames, expected, rtol=2e-7, atol=0)
    bytes_ = np.clip(np.floor(512 * descriptors + 0.5), 0, 255) if root else descriptors
    np.testing.assert_array_equal(elements, bytes_)


if __name__ == "__main__":
    names = sorted(path.stem for path in HERE.glob("*.siftd"))
    assert names == ["rootsift", "rootsift-none", "sift", "sift-none"], names
    for name in names:
        check(name)
        print(f"{name}: summary, json, npz, colmap and siftd agree")
