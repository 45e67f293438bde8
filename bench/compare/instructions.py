#!/usr/bin/env python3
"""Counts what instructions siftd's kernels take a pixel of a picture, by function, with valgrind's callgrind. AVX2 at most."""

import argparse
import collections
import json
import re
import subprocess
import tempfile
from pathlib import Path

import cv2

from sides import PEER, Case, build, denoise, detect

WINDOWS = {"nlm7": (7, 21), "nlm100": (100, 50)}


def case(what, path, pixels):
    image = cv2.imread(str(path))
    if what == "miss":
        return Case("miss", path, image.shape[1], image.shape[0])
    if what == "sift":
        return detect(pixels, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    return denoise(pixels, image, 10, *WINDOWS[what], True)


def counts(requests):
    """Instructions of each function itself, with what was inlined into it, while these requests are answered."""
    with tempfile.NamedTemporaryFile() as out:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", PEER]
        subprocess.run(command, input=requests, capture_output=True, text=True, check=True)
        names, counted, function, is_call = {}, collections.Counter(), None, False
        for line in Path(out.name).read_text().splitlines():
            if named := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?", line):
                call, number, name = named.groups()
                names.setdefault(number, name)
                function = function if call else number
            elif line.startswith("calls="):
                # What was called is on the next line, and counted where it is.
                is_call = True
            elif cost := re.match(r"[+*\-\d]\S* (\d+)$", line):
                if not is_call:
                    counted[function] += int(cost[1])
                is_call = False
    return collections.Counter({names[number]: count for number, count in counted.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("what", choices=["nlm7", "nlm100", "sift", "miss"])
    arguments = parser.parse_args()
    build()
    with tempfile.TemporaryDirectory() as scratch:
        asked = case(arguments.what, arguments.picture, Path(scratch) / "pixels")
        request = {"job": asked.job, "set": "avx2", "threads": 1, "input": str(asked.input)}
        request = json.dumps(request) + "\n"
        # The second time scratch memory and tables are there.
        more = counts(request * 2) - counts(request)
    pixels = asked.width * asked.height
    print(f"{more.total() / pixels:9.1f} instructions a px")
    for name, count in more.most_common(20):
        print(f"{count / pixels:9.1f}  {name}")


if __name__ == "__main__":
    main()
