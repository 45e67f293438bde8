#!/usr/bin/env python3
"""Makes the sample pictures beside this file from those of scikit-image.

    pip install scikit-image==0.26.0 opencv-python-headless==5.0.0.93
    python make.py

README.md tells the origin and the licence of each.
"""

import hashlib
import shutil
from pathlib import Path

import cv2
import skimage

HERE = Path(__file__).resolve().parent
SOURCES = Path(skimage.__file__).parent / "data"

# Picture: source, JPEG quality (None: the source's bytes as they are).
PICTURES = {
    "astronaut.jpg": ("astronaut.png", 95),
    "brick.png": ("brick.png", None),
    "camera.png": ("camera.png", None),
    "chelsea.jpg": ("chelsea.png", 95),
    "coffee.jpg": ("coffee.png", 90),
    "rocket.jpg": ("rocket.jpg", None),
}


def main():
    assert skimage.__version__ == "0.26.0" and cv2.__version__ == "5.0.0", (skimage.__version__, cv2.__version__)
    for name, (source, quality) in PICTURES.items():
        if quality is None:
            shutil.copyfile(SOURCES / source, HERE / name)
        else:
            pixels = cv2.imread(str(SOURCES / source))
            assert cv2.imwrite(str(HERE / name), pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        digest = hashlib.sha256((HERE / name).read_bytes()).hexdigest()
        print(f"{digest}  {name}")


if __name__ == "__main__":
    main()
