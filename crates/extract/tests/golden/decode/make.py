"""Makes the golden fixtures of the decoders: `python make.py` beside this file.

Needs opencv-python-headless 5.0.0.93, numpy, Pillow and tifffile. Writes

    ok/NAME and ok/NAME.ppm          an input and the pixels of cv2.imread (stored as RGB)
    beyond/NAME and beyond/NAME.ppm  one that OpenCV refuses or garbles, and the pixels that it describes
    broken/NAME                      an input that must be refused
"""

import shutil
from pathlib import Path

import cv2
import numpy as np

import bmp
import jpeg
import png
import pnm
import tiff
import webp

HERE = Path(__file__).parent


def read(path):
    try:
        return cv2.imread(str(path))
    except cv2.error:
        return None


def write_ppm(path, pixels):
    height, width = pixels.shape[:2]
    path.write_bytes(b"P6 %d %d 255\n" % (width, height) + np.ascontiguousarray(pixels).tobytes())


def main():
    assert cv2.__version__ == "5.0.0", cv2.__version__
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    folders = {name: HERE / name for name in ("ok", "beyond", "broken")}
    for folder in folders.values():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    for module in (bmp, jpeg, png, pnm, tiff, webp):
        for name, data in module.fixtures():
            path = folders["ok"] / name
            path.write_bytes(data)
            pixels = read(path)
            assert pixels is not None, f"OpenCV refuses {name}"
            write_ppm(path.with_name(name + ".ppm"), pixels[..., ::-1])
        for name, data, expected in getattr(module, "right_where_opencv_is_not", lambda: ())():
            path = folders["beyond"] / name
            path.write_bytes(data)
            pixels = read(path)
            assert pixels is None or not np.array_equal(pixels[..., ::-1], expected), f"OpenCV reads {name}"
            write_ppm(path.with_name(name + ".ppm"), expected)
        for name, data in getattr(module, "broken", lambda: ())():
            (folders["broken"] / name).write_bytes(data)


main()
