"""What the orientation and the descriptor of a keypoint take: SIFT beside SIFT with an edge threshold that no keypoint passes."""

import math

import cv2

from scaling import repeated
from sides import detect, sides

# Principal curvatures whose ratio is 1 at most are rounded to it: next to none.
NO_EDGES = 1


def measure(photograph, scratch, sets, rounds):
    """Microseconds of each side, with one thread: the difference of the least times of both, all in turn, as that of single runs is
    mostly the machine's noise. Some keypoints have more than one orientation and count as often, as OpenCV counts them."""
    grey = repeated(cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY), 3, 3)
    every, none = (detect(scratch / "pixels", grey, **params) for params in ({}, {"edge_threshold": NO_EDGES}))
    columns = sides(every, sets)
    least = {column: (math.inf, math.inf) for column in columns}
    for _ in range(4 * rounds):
        for column, side in columns.items():
            without, _ = side.run(none, 1)
            milliseconds, found = side.run(every, 1)
            least[column] = (min(least[column][0], milliseconds), min(least[column][1], without))
    for side in columns.values():
        side.close()
    each = {column: (whole - without) * 1e3 / found for column, (whole, without) in least.items()}
    return {"width": every.width, "height": every.height, "keypoints": found, "us": each}
