"""The two sides of a comparison: processes that run kernels on the same pixels when they are asked to."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PEER = ROOT / "target" / "release" / "compare"
SAMPLES = ROOT / "testdata" / "pictures"
OPENCV = [sys.executable, str(Path(__file__).with_name("opencv_side.py"))]

# Where OpenCV's memory comes from decides by a factor of up to 1.7 how long its SIFT takes, and glibc lets that depend on what was
# freed before: each case has processes of its own, and SIFT is run with all memory kept, too.
KEPT = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 32)}

# Of SIFT_create.
DETECT = {"octave_layers": 3, "contrast_threshold": 0.04, "edge_threshold": 10.0, "sigma": 1.6}


@dataclass(frozen=True)
class Case:
    """What both sides do with a file: pixels in rows, or for a miss an image file. See src/request.rs for jobs.

    OpenCV reads the same pixels from a PNG where there can be one, as its users read pictures."""

    job: dict | str
    input: Path
    width: int
    height: int
    png: Path | None = None


def denoise(path, image, strength, template, search, coloured):
    """Non-local means of an image of shape (height, width, channels), whose pixels go to `path`."""
    height, width, channels = image.shape
    job = {"width": width, "height": height, "channels": channels, "strength": strength, "coloured": coloured}
    job |= {"template_window": template, "search_window": search}
    return Case({"denoise": job}, path, width, height, written(path, image))


def detect(path, grey, **params):
    """SIFT of a grey image, whose pixels go to `path`."""
    height, width = grey.shape
    job = {"width": width, "height": height} | DETECT | params
    return Case({"detect": job}, path, width, height, written(path, grey))


def written(path, image):
    """Writes the pixels to the path, and to a PNG beside it: its path, or None for two channels, which it can't have."""
    image.tofile(path)
    if image.ndim == 3 and image.shape[2] == 2:
        return None
    png = path.with_suffix(".png")
    if not cv2.imwrite(str(png), image):
        raise SystemExit(f"{png} can't be written")
    return png


class Side:
    """A process that answers requests: src/main.rs or opencv_side.py."""

    def __init__(self, isa=None, environment=()):
        """siftd's with an instruction set, OpenCV's without."""
        self.isa = isa
        command = [str(PEER)] if isa else OPENCV
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **dict(environment)}
        )

    def run(self, case, threads, output=None):
        """Milliseconds and number of keypoints."""
        path = case.input if self.isa or not case.png else case.png
        request = {"job": case.job, "set": self.isa, "threads": threads, "input": str(path)}
        request["output"] = output and str(output)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "no answer"}')
        if "error" in answer:
            raise SystemExit(f"{self.process.args}: {case}: {answer['error']}")
        return answer["seconds"] * 1e3, answer["keypoints"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def sides(case, sets):
    """Fresh processes by column."""
    columns = {"opencv": Side()}
    if "detect" in case.job:
        columns["kept"] = Side(environment=KEPT)
    return columns | {isa: Side(isa) for isa in sets}


def samples():
    """The repository's own pictures."""
    return sorted(SAMPLES.glob("*.jpg")) + sorted(SAMPLES.glob("*.png"))


def build(*also):
    """Builds siftd's side, and other packages."""
    packages = [f"--package={package}" for package in ("compare", *also)]
    subprocess.run(["cargo", "build", "--release", "--locked", *packages], cwd=ROOT, check=True)


def available(sets, scratch):
    """Those of the instruction sets that this machine has: in place of others the next weaker one would be timed."""
    case = detect(scratch / "blank", np.zeros((16, 16), np.uint8))
    requests = [{"job": case.job, "set": isa, "threads": 1, "input": str(case.input)} for isa in sets]
    requests = "".join(json.dumps(request) + "\n" for request in requests)
    answers = subprocess.run([str(PEER)], input=requests, capture_output=True, text=True, check=True).stdout.splitlines()
    errors = {isa: json.loads(answer).get("error", "") for isa, answer in zip(sets, answers, strict=True)}
    if failures := [error for error in errors.values() if error and "this machine has" not in error]:
        raise SystemExit(f"{PEER}: {failures[0]}")
    return [isa for isa, error in errors.items() if not error]
