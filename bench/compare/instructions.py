#!/usr/bin/env python3
"""Counts what instructions siftd's kernels take a pixel of a picture, by function, with valgrind's callgrind. AVX2 at most."""

import argparse
import collections
import re
import subprocess
import tempfile
from pathlib import Path

import cv2

ROOT = Path(__file__).resolve().parents[2]
PEER = ROOT / "target" / "release" / "compare"


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
    subprocess.run(["cargo", "build", "--release", "--locked", "--package", "compare"], cwd=ROOT, check=True)
    height, width = cv2.imread(str(arguments.picture), cv2.IMREAD_UNCHANGED).shape[:2]
    request = f"{arguments.what}\tavx2\t1\t{arguments.picture}\n"
    # The second time scratch memory and tables are there.
    more = counts(request * 2) - counts(request)
    pixels = width * height
    print(f"{more.total() / pixels:9.1f} instructions a px")
    for name, count in more.most_common(20):
        print(f"{count / pixels:9.1f}  {name}")


if __name__ == "__main__":
    main()
