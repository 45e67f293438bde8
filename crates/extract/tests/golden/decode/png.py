"""PNG fixtures, written chunk by chunk; every colour type and depth."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

from scene import H, W, grey, indices, noise, noise16, orient, pack_bits, palette, rgb, rgb16

GREY, RGB, INDEXED, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
# Adam7: first x, first y, step x, step y of each pass.
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def exif(orientation):
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def scanlines(pixels, depth):
    """Rows of `pixels` (height, width, samples) as bytes, with filters that change from row to row."""
    rows = []
    for row in pixels:
        if depth < 8:
            rows.append(pack_bits(row.ravel(), depth))
        else:
            rows.append(row.astype(">u2" if depth == 16 else np.uint8).tobytes())
    width = max(1, pixels.shape[2] * depth // 8)
    out, above = b"", bytes(len(rows[0]))
    for y, row in enumerate(rows):
        left = bytes(width) + row[:-width]
        kind = y % 3
        base = (bytes(len(row)), left, above)[kind]
        out += bytes([kind]) + bytes((v - b) & 255 for v, b in zip(row, base))
        above = row
    return out


def png(pixels, color, depth, before=b"", after=b"", interlaced=False, size=None):
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    height, width = pixels.shape[:2]
    if interlaced:
        parts = (pixels[y::dy, x::dx] for x, y, dx, dy in PASSES)
        data = b"".join(scanlines(part, depth) for part in parts if part.size)
    else:
        data = scanlines(pixels, depth)
    width, height = size or (width, height)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(data)) + after
        + chunk(b"IEND", b"")
    )


def plte(count):
    return chunk(b"PLTE", bytes(v for color in palette[:count] for v in color))


def animation(frames, **options):
    out = io.BytesIO()
    first, *rest = [Image.fromarray(frame) for frame in frames]
    first.save(out, "PNG", save_all=True, append_images=rest, duration=100, **options)
    return out.getvalue()


def fixtures():
    rgba = np.dstack([rgb, noise])
    grey_alpha = np.dstack([grey, noise])
    rgba16 = np.dstack([rgb16, noise16])
    for depth in (1, 2, 4):
        yield f"png-grey-{depth}", png(indices(1 << depth), GREY, depth)
    yield "png-grey-8", png(grey, GREY, 8)
    yield "png-grey-16", png(rgb16[..., :1], GREY, 16)
    yield "png-grey-alpha-8", png(grey_alpha, GREY_ALPHA, 8)
    yield "png-grey-alpha-16", png(rgba16[..., 2:], GREY_ALPHA, 16)
    yield "png-grey-8-trns", png(grey, GREY, 8, before=chunk(b"tRNS", b"\0\0"))
    for depth in (1, 2, 4, 8):
        count = 1 << depth
        yield f"png-palette-{depth}-trns", png(
            indices(count), INDEXED, depth, before=plte(count) + chunk(b"tRNS", b"\0\x80")
        )
    yield "png-palette-index-beyond", png(indices(200), INDEXED, 8, before=plte(100))
    yield "png-rgb-8", png(rgb, RGB, 8)
    yield "png-rgb-8-gamma-icc", png(
        rgb, RGB, 8, before=chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"sRGB", b"\0")
    )
    yield "png-rgb-8-cicp", png(rgb, RGB, 8, before=chunk(b"cICP", b"\x09\x10\0\x01"))
    yield "png-rgb-8-trns", png(rgb, RGB, 8, before=chunk(b"tRNS", struct.pack(">HHH", *rgb[0, 0])))
    yield "png-rgb-16", png(rgb16, RGB, 16)
    yield "png-rgba-8", png(rgba, RGBA, 8)
    yield "png-rgba-16", png(rgba16, RGBA, 16)
    yield "png-interlaced-rgb-8", png(rgb, RGB, 8, interlaced=True)
    yield "png-interlaced-rgba-16", png(rgba16, RGBA, 16, interlaced=True)
    yield "png-interlaced-palette-2", png(indices(4), INDEXED, 2, before=plte(4), interlaced=True)
    yield "png-interlaced-narrow", png(rgb[:7, :3], RGB, 8, interlaced=True)
    yield "png-exif-6", png(rgb, RGB, 8, before=chunk(b"eXIf", exif(6)))
    yield "png-exif-8-after-data", png(rgb, RGB, 8, after=chunk(b"eXIf", exif(8)))
    yield "png-animated", animation([rgba, orient(rgba, 3)])
    yield "png-animated-default-image", animation([rgba, orient(rgba, 2), orient(rgba, 3)], default_image=True)
    yield "png-one-pixel", png(rgb[4:5, 9:10], RGB, 8)
    # Its data inflates to thousands of times what the picture holds; libpng stops reading there, too.
    rows = zlib.compress(b"\0" * 8_000_000, 9)
    header = struct.pack(">IIBBBBB", W, H, 8, RGB, 0, 0, 0)
    yield "png-bomb", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    plain = png(rgb, RGB, 8)
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 8_000_000, 9))
    yield "png-text-bomb", plain[:33] + text + plain[33:]


def broken():
    good = png(rgb, RGB, 8)
    damaged = bytearray(good)
    damaged[-14] ^= 1
    yield "png-bad-checksum", bytes(damaged)
    yield "png-no-end", good[:-12]
    yield "png-huge", png(rgb, RGB, 8, size=(65535, 65535))
    yield "png-zero-width", png(rgb, RGB, 8, size=(0, H))
