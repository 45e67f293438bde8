"""How much memory SIFT takes at its peak."""

from pathlib import Path

import cv2
import numpy as np

from scaling import SIZES, repeated
from sides import Side, detect

MEGABYTE = 1e6


def resident(process, what):
    """Bytes that /proc says of a process: VmRSS now, VmHWM at its peak so far."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith(f"{what}:")]
    return int(kilobytes) * 1024


def peak(isa, blank, case, threads):
    """Of a process that has detected nothing but a blank picture before: all of it, and what the picture's detection added to the
    program and the pixels."""
    side = Side(isa)
    side.run(blank, threads)
    before = resident(side.process, "VmRSS")
    side.run(case, threads)
    whole = resident(side.process, "VmHWM")
    side.close()
    return {"peak_mb": whole / MEGABYTE, "added_mb": (whole - before - case.width * case.height) / MEGABYTE}


def measure(photograph, scratch, sets, threads):
    """Rows for each size, side and number of threads."""
    grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)
    blank = detect(scratch / "blank", np.zeros((16, 16), np.uint8))
    rows = []
    for across, down in SIZES[2:]:
        case = detect(scratch / "pixels", repeated(grey, across, down))
        for isa in [None, *sets]:
            for count in threads:
                row = {"width": case.width, "height": case.height, "side": isa or "opencv", "threads": count}
                rows.append(row | peak(isa, blank, case, count))
                print("memory", *rows[-1].values(), flush=True)
    return rows
