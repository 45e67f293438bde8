"""TIFF fixtures, written field by field, the compressed ones by tifffile and Pillow."""

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image

from scene import H, W, grey, indices, noise, noise16, pack_bits, palette, rgb, rgb16, shapes

SHORT, LONG = 3, 4
WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, OFFSETS = 256, 257, 258, 259, 262, 266, 273
ORIENTATION, SAMPLES, ROWS, COUNTS, PLANAR, COLOR_MAP, EXTRA, FORMAT = 274, 277, 278, 279, 284, 320, 338, 339


def tiff(strips, bits, photometric, samples=1, order="<", rows=H, **fields):
    """A classic TIFF of given strips; `fields` are further tags as tNNN=[values]."""
    tags = {
        WIDTH: [W], LENGTH: [H], BITS: [bits] * samples, COMPRESSION: [1], PHOTOMETRIC: [photometric],
        SAMPLES: [samples], ROWS: [rows], COUNTS: [len(strip) for strip in strips],
    }
    tags.update({int(name[1:]): values for name, values in fields.items() if values is not None})
    starts, at = [], 8
    for strip in strips:
        starts.append(at)
        at += len(strip) + len(strip) % 2
    tags[OFFSETS] = starts
    body = b"".join(strip + b"\0" * (len(strip) % 2) for strip in strips)
    directory, outside = b"", b""
    outside_at = at + 2 + 12 * len(tags) + 4
    for tag, values in sorted(tags.items()):
        kind = LONG if tag in (WIDTH, LENGTH, OFFSETS, COUNTS) else SHORT
        data = struct.pack(order + str(len(values)) + "HI"[kind == LONG], *values)
        if len(data) > 4:
            value = struct.pack(order + "I", outside_at + len(outside))
            outside += data
        else:
            value = data.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, kind, len(values)) + value
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", at) + body + struct.pack(order + "H", len(tags)) + directory + bytes(4) + outside


def library(array, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, array, metadata=None, **options)
    return out.getvalue()


def pillow(array, mode=None, **options):
    out = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(out, "TIFF", **options)
    return out.getvalue()


def pack_bits_strip(data):
    """PackBits with a run, literals and a no-operation."""
    out, at = b"\x80", 0
    while at < len(data):
        run = 1
        while run < 100 and at + run < len(data) and data[at + run] == data[at]:
            run += 1
        if run > 2:
            out += bytes([257 - run, data[at]])
        else:
            run = min(5, len(data) - at)
            out += bytes([run - 1]) + data[at : at + run]
        at += run
    return out


def reversed_bits(data):
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)


def fixtures():
    rgba, rgba16 = np.dstack([rgb, noise]), np.dstack([rgb16, noise16])
    bilevel = b"".join(pack_bits(row, 1) for row in shapes)
    wide = [channel * 257 for color in zip(*palette) for channel in color]
    wide_map = [v ^ 0x5A for v in wide]
    narrow_map = [channel for color in zip(*palette) for channel in color]
    first16 = [v * 257 for color in zip(*palette[:16]) for v in color]
    big = rgb16.astype(">u2")

    yield "tiff-1-black-is-zero", tiff([bilevel], 1, 1)
    yield "tiff-1-white-is-zero", tiff([bilevel], 1, 0)
    yield "tiff-1-lsb-first", tiff([reversed_bits(bilevel)], 1, 1, t266=[2])
    yield "tiff-1-packbits", tiff([pack_bits_strip(bilevel)], 1, 1, t259=[32773])
    yield "tiff-1-palette", tiff([bilevel], 1, 3, t320=[v * 257 for color in zip(*palette[:2]) for v in color])
    yield "tiff-4-palette", tiff([b"".join(pack_bits(row, 4) for row in indices(16))], 4, 3, t320=first16)
    yield "tiff-8-palette", tiff([indices(256).tobytes()], 8, 3, t320=wide_map)
    yield "tiff-8-palette-8-bit-map", tiff([indices(256).tobytes()], 8, 3, t320=narrow_map)
    yield "tiff-8-grey", tiff([grey.tobytes()], 8, 1)
    yield "tiff-8-grey-white-is-zero", tiff([grey.tobytes()], 8, 0)
    yield "tiff-8-grey-signed", tiff([grey.tobytes()], 8, 1, t339=[2])
    yield "tiff-8-grey-alpha", tiff([np.dstack([grey, noise]).tobytes()], 8, 1, 2, t338=[2])
    yield "tiff-16-grey", tiff([rgb16[..., 0].tobytes()], 16, 1)
    yield "tiff-16-grey-big-endian", tiff([big[..., 0].tobytes()], 16, 1, order=">")
    yield "tiff-16-grey-white-is-zero", tiff([rgb16[..., 0].tobytes()], 16, 0)
    yield "tiff-16-grey-alpha", tiff([rgba16[..., 2:].tobytes()], 16, 1, 2, t338=[1])
    yield "tiff-8-rgb", tiff([rgb.tobytes()], 8, 2, 3)
    yield "tiff-8-rgb-strips", tiff([rgb[y : y + 5].tobytes() for y in range(0, H, 5)], 8, 2, 3, rows=5)
    yield "tiff-8-rgb-planar", tiff([rgb[..., i].tobytes() for i in range(3)], 8, 2, 3, t284=[2])
    planes = [rgb16[y : y + 9, :, i].tobytes() for i in range(3) for y in range(0, H, 9)]
    yield "tiff-16-rgb-planar-strips", tiff(planes, 16, 2, 3, rows=9, t284=[2])
    yield "tiff-16-rgb", tiff([rgb16.tobytes()], 16, 2, 3)
    yield "tiff-16-rgb-big-endian", tiff([big.tobytes()], 16, 2, 3, order=">")
    for kind, name in ((0, "unspecified"), (1, "associated"), (2, "unassociated")):
        yield f"tiff-8-rgba-{name}", tiff([rgba.tobytes()], 8, 2, 4, t338=[kind])
        yield f"tiff-16-rgba-{name}", tiff([rgba16.tobytes()], 16, 2, 4, t338=[kind])
    yield "tiff-8-rgba-planar", tiff([rgba[..., i].tobytes() for i in range(4)], 8, 2, 4, t284=[2], t338=[2])
    yield "tiff-8-cmyk", tiff([np.dstack([255 - rgb, noise]).tobytes()], 8, 5, 4)
    yield "tiff-deflate-predictor", library(rgb, photometric="rgb", compression="zlib", predictor=True, rowsperstrip=7)
    yield "tiff-deflate-old", tiff([zlib.compress(rgb.tobytes())], 8, 2, 3, t259=[32946])
    yield "tiff-16-deflate-predictor", library(rgb16, photometric="rgb", compression="zlib", predictor=True)
    yield "tiff-16-deflate-predictor-big-endian", library(
        rgb16, photometric="rgb", compression="zlib", predictor=True, byteorder=">"
    )
    yield "tiff-tiled", library(rgb, photometric="rgb", tile=(16, 16))
    yield "tiff-tiled-deflate-predictor", library(rgb, photometric="rgb", tile=(16, 16), compression="zlib", predictor=True)
    yield "tiff-tiled-16-grey", library(np.ascontiguousarray(rgb16[:16, :16, 0]), photometric="minisblack", tile=(16, 16))
    yield "tiff-tiled-planar", library(
        np.ascontiguousarray(rgb.transpose(2, 0, 1)), photometric="rgb", planarconfig="separate", tile=(16, 16)
    )
    yield "tiff-big", library(rgb, photometric="rgb", bigtiff=True)
    yield "tiff-big-big-endian", library(rgb, photometric="rgb", bigtiff=True, byteorder=">", rowsperstrip=3)
    yield "tiff-pages", library(np.stack([rgb, rgb[::-1]]), photometric="rgb")
    yield "tiff-lzw", pillow(rgb, compression="tiff_lzw")
    yield "tiff-lzw-predictor", pillow(rgb, compression="tiff_lzw", tiffinfo={317: 2})
    yield "tiff-lzw-noise", pillow(np.tile(noise, (4, 4)), compression="tiff_lzw")
    yield "tiff-packbits", pillow(rgb, compression="packbits")
    for orientation in (2, 3, 4):
        strips = [rgb[y : y + 5].tobytes() for y in range(0, H, 5)]
        yield f"tiff-orientation-{orientation}", tiff(strips, 8, 2, 3, rows=5, t274=[orientation])


def right_where_opencv_is_not():
    """Refused, or garbled: libtiff skips half of what it should behind a clipped tile of 16-bit grey, and OpenCV
    leaves tiles where they were when each is turned. The expectation is what the file says."""
    transposed = rgb.transpose(1, 0, 2)
    turned = {5: transposed, 6: transposed[:, ::-1], 7: transposed[::-1, ::-1], 8: transposed[::-1]}
    for orientation, expected in turned.items():
        yield f"tiff-orientation-{orientation}", tiff([rgb.tobytes()], 8, 2, 3, t274=[orientation]), expected
    high = np.repeat((rgb16[..., :1] >> 8).astype(np.uint8), 3, axis=2)
    yield "tiff-tiled-16-grey-clipped", library(rgb16[..., 0], photometric="minisblack", tile=(16, 32)), high
    mirrored = library(rgb, photometric="rgb", tile=(16, 16), extratags=[(274, 3, 1, 2, True)])
    yield "tiff-tiled-orientation-2", mirrored, rgb[:, ::-1]


def broken():
    data = [rgb.tobytes()]
    yield "tiff-huge", tiff(data, 8, 2, 3, t256=[65535], t257=[65535])
    yield "tiff-zero-width", tiff(data, 8, 2, 3, t256=[0])
    yield "tiff-huge-tile", tiff(data, 8, 2, 3, t322=[65520], t323=[65520], t324=[8], t325=[9])
    yield "tiff-wide-tiles", tiff(data, 8, 2, 3, t256=[1], t257=[60000], t322=[60000], t323=[16], t324=[8], t325=[9])
    yield "tiff-float", tiff([rgb.astype("<f4").tobytes()], 32, 2, 3, t339=[3] * 3)
    yield "tiff-16-float", tiff([rgb.astype("<f2").tobytes()], 16, 2, 3, t339=[3] * 3)
    yield "tiff-4-grey", tiff([b"".join(pack_bits(row, 4) for row in indices(16))], 4, 1)
    yield "tiff-12-grey", tiff([bytes(W * H * 3 // 2)], 12, 1)
    yield "tiff-16-cmyk", tiff([bytes(W * H * 8)], 16, 5, 4)
    yield "tiff-jpeg", pillow(rgb, compression="jpeg")
    yield "tiff-fax-4", pillow(shapes * 255, "1", compression="group4")
    yield "tiff-ycbcr", pillow(rgb, "YCbCr")
    yield "tiff-lab", tiff(data, 8, 8, 3)
    planes = [grey.tobytes(), noise.tobytes()]
    yield "tiff-grey-alpha-planar", tiff(planes, 8, 1, 2, t284=[2], t338=[2])
    yield "tiff-no-strips", tiff([], 8, 2, 3)
    yield "tiff-short-strip", tiff([rgb.tobytes()[:-1]], 8, 2, 3)
    yield "tiff-bad-deflate", tiff([b"\x78\x9cnot deflated at all"], 8, 2, 3, t259=[8])
    yield "tiff-bad-lzw", tiff([b"\x80\x7f\xff\xff\xff\xff"], 8, 2, 3, t259=[5])
    yield "tiff-no-photometric", tiff(data, 8, 2, 3).replace(struct.pack("<HHI", 262, 3, 1), struct.pack("<HHI", 261, 3, 1))
