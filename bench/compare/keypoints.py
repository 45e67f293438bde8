"""What the orientation and the descriptor of a keypoint take: SIFT beside SIFT with an edge threshold that no keypoint passes."""

import statistics

import cv2

from scaling import repeated
from sides import detect, sides

# Principal curvatures whose ratio is 1 at most are rounded to it: next to none.
NO_EDGES = 1


def measure(photograph, scratch, sets, rounds):
    """Median microseconds of each side, with one thread, all in turn. Some keypoints have more than one orientation and count as
    often, as OpenCV counts them."""
    grey = repeated(cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY), 3, 3)
    every, none = (detect(scratch / "pixels", grey, **params) for params in ({}, {"edge_threshold": NO_EDGES}))
    columns = sides(every, sets)
    each = {column: [] for column in columns}
    for run in range(rounds + 1):
        for column, side in columns.items():
            without, _ = side.run(none, 1)
            milliseconds, found = side.run(every, 1)
            if run > 0:
                each[column].append((milliseconds - without) * 1e3 / found)
    for side in columns.values():
        side.close()
    median_us = {column: statistics.median(values) for column, values in each.items()}
    return {"width": every.width, "height": every.height, "keypoints": found, "median_us": median_us}
