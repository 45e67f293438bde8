"""WebP fixtures, through Pillow and libwebp's encoder."""

import io
import struct

import numpy as np
from PIL import Image

from scene import H, W, noise, orient, rgb

SMOOTH_ALPHA = np.add.outer(np.arange(H) * 3, np.arange(W) * 5).astype(np.uint8)


def webp(array, **options):
    out = io.BytesIO()
    Image.fromarray(array).save(out, "WEBP", **options)
    return out.getvalue()


def animation(frames, **options):
    first, *rest = [Image.fromarray(frame) for frame in frames]
    out = io.BytesIO()
    first.save(out, "WEBP", save_all=True, append_images=rest, duration=100, **options)
    return out.getvalue()


def exif(orientation):
    out = Image.Exif()
    out[274] = orientation
    return out.tobytes()


def riff(chunks):
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def u24(value):
    return struct.pack("<I", value)[:3]


def frame(x, y, array, blended, **options):
    """A frame of an animation at (x, y)."""
    bitstream = webp(array, **options)[12:]
    height, width = array.shape[:2]
    place = u24(x // 2) + u24(y // 2) + u24(width - 1) + u24(height - 1) + u24(100)
    return b"ANMF", place + bytes([0 if blended else 2]) + bitstream


def offset_animation(array, blended, **options):
    """Frames that cover a part of a canvas that has a background colour."""
    canvas = b"\x12\0\0\0" + u24(W + 9) + u24(H + 7)
    frames = [frame(4, 6, array, blended, **options), frame(0, 0, array[::-1], blended, **options)]
    return riff([(b"VP8X", canvas), (b"ANIM", b"\x10\x20\x30\xff\0\0"), *frames])


def fixtures():
    rgba = np.dstack([rgb, SMOOTH_ALPHA])
    yield "webp-lossless", webp(rgb, lossless=True)
    yield "webp-lossless-alpha", webp(rgba, lossless=True, exact=True)
    yield "webp-lossless-noise-alpha", webp(np.dstack([rgb, noise]), lossless=True, exact=True)
    for quality in (10, 60, 95):
        yield f"webp-lossy-{quality}", webp(rgb, quality=quality)
    yield "webp-lossy-odd", webp(rgb[:21, :29], quality=80)
    yield "webp-lossy-alpha", webp(rgba, quality=80)
    yield "webp-exif-5", webp(rgb, lossless=True, exif=exif(5))
    yield "webp-lossy-exif-7", webp(rgb, quality=80, exif=exif(7))
    yield "webp-animated-lossless", animation([rgba, orient(rgba, 3)], lossless=True, exact=True)
    yield "webp-animated-lossy", animation([rgb, orient(rgb, 3)], quality=80)
    yield "webp-animated-lossy-alpha", animation([rgba, orient(rgba, 3)], quality=80)
    for blended in (False, True):
        name = "webp-animated-offset" + ("-blended" if blended else "")
        yield name, offset_animation(rgba, blended, lossless=True, exact=True)
        yield name + "-lossy", offset_animation(rgb, blended, quality=70)
    yield "webp-one-pixel", webp(rgb[4:5, 9:10], lossless=True)


def broken():
    vp8 = webp(rgb, quality=60)[20:]
    yield "webp-huge-canvas", riff([(b"VP8X", b"\0\0\0\0" + b"\xfe\xff\0" * 2), (b"VP8 ", vp8)])
    huge = bytearray(vp8)
    huge[6:10] = struct.pack("<HH", 16383, 16383)
    yield "webp-huge-frame", riff([(b"VP8X", b"\0\0\0\0" + bytes([W - 1, 0, 0, H - 1, 0, 0])), (b"VP8 ", bytes(huge))])
    zero = bytearray(vp8)
    zero[6:10] = struct.pack("<HH", 0, H)
    yield "webp-zero-width", riff([(b"VP8 ", bytes(zero))])
    yield "webp-no-picture", riff([(b"EXIF", b"II")])
    outside = offset_animation(rgb, False, quality=70)
    yield "webp-frame-outside", outside.replace(u24(W + 9) + u24(H + 7), u24(W + 2) + u24(H + 7))
    yield "webp-frame-larger-inside", outside.replace(u24(W - 1) + u24(H - 1), u24(W - 2) + u24(H - 1))
