"""PNM fixtures: plain and raw, comments, maxima other than 255."""

import numpy as np

from scene import H, W, grey, pack_bits, rgb, rgb16, shapes


def plain(values):
    return b" ".join(b"%d" % v for v in values.ravel()) + b"\n"


def big_endian(values):
    return values.astype(">u2").tobytes()


def fixtures():
    size = b"%d %d\n" % (W, H)
    bits = b"".join(pack_bits(row, 1) for row in shapes)
    yield "pnm-p1", b"P1\n" + size + plain(shapes)
    yield "pnm-p1-unspaced", b"P1\n" + size + b"".join(b"%d" % v for v in shapes.ravel()) + b"\n"
    yield "pnm-p2", b"P2\n" + size + b"255\n" + plain(grey)
    yield "pnm-p2-max-100", b"P2\n" + size + b"100\n" + plain(grey)
    yield "pnm-p2-max-1000", b"P2\n" + size + b"1000\n" + plain(rgb16[..., 0])
    yield "pnm-p3", b"P3\n" + size + b"255\n" + plain(rgb)
    yield "pnm-p3-comments", b"P3 # one\n#two\r" + size + b"#three\n255\n" + plain(rgb)
    yield "pnm-p4", b"P4\n" + size + bits
    yield "pnm-p5", b"P5\n" + size + b"255\n" + grey.tobytes()
    yield "pnm-p5-max-100", b"P5\n" + size + b"100\n" + (grey % 101).astype(np.uint8).tobytes()
    yield "pnm-p5-16", b"P5\n" + size + b"65535\n" + big_endian(rgb16[..., 1])
    yield "pnm-p5-max-1000", b"P5\n" + size + b"1000\n" + big_endian(rgb16[..., 1] % 1001)
    yield "pnm-p6", b"P6\n" + size + b"255\n" + rgb.tobytes()
    yield "pnm-p6-crlf-comment", b"P6\r\n# made by hand\r\n%d\t%d\r\n255\n" % (W, H) + rgb.tobytes()
    yield "pnm-p6-16", b"P6\n" + size + b"65535\n" + big_endian(rgb16)


def right_where_opencv_is_not():
    """OpenCV 5.0.0 looks for one more byte behind the last number."""
    yield "pnm-p2-no-newline", b"P2 3 1 255 1 2 3", np.array([[[v] * 3 for v in (1, 2, 3)]], np.uint8)


def broken():
    yield "pnm-huge", b"P6 65535 65535 255\n" + bytes(100)
    yield "pnm-zero-width", b"P6 0 5 255\n" + bytes(100)
    yield "pnm-max-0", b"P5 2 2 0\n" + bytes(4)
    yield "pnm-max-65536", b"P5 2 2 65536\n" + bytes(16)
    yield "pnm-overlong-number", b"P5 99999999999999999999 2 255\n" + bytes(16)
    yield "pnm-letters", b"P2 2 2 255 1 2 x 4\n"
