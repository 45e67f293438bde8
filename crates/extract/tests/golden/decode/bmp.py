"""BMP fixtures, written byte by byte: no library writes the old variants."""

import struct

import numpy as np

from scene import H, W, indices, noise, pack_bits, palette, rgb, shapes


def pad4(row: bytes) -> bytes:
    return row + b"\0" * (-len(row) % 4)


def bmp(bits, rows, colors=b"", compression=0, top_down=False, masks=b"", header=40, used=0):
    """A Windows BMP; `rows` are given from the top and stored as the variant wants them."""
    stored = rows if top_down else rows[::-1]
    data = b"".join(pad4(row) for row in stored) if compression in (0, 3) else b"".join(rows)
    info = struct.pack("<IiiHHIIiiII", header, W, -H if top_down else H, 1, bits, compression, len(data), 0, 0, used, 0)
    if header > 40:
        info += masks + b"\0" * (header - 40 - len(masks))
        masks = b""
    offset = 14 + len(info) + len(masks) + len(colors)
    return struct.pack("<2sIHHI", b"BM", offset + len(data), 0, 0, offset) + info + masks + colors + data


def os2(bits, rows, colors=b""):
    """An OS/2 1.x BMP: a 12-byte header and three-byte palette entries."""
    data = b"".join(pad4(row) for row in rows[::-1])
    info = struct.pack("<IHHHH", 12, W, H, 1, bits)
    offset = 14 + len(info) + len(colors)
    return struct.pack("<2sIHHI", b"BM", offset + len(data), 0, 0, offset) + info + colors + data


def bgr0(colors):
    return b"".join(bytes([b, g, r, 0]) for r, g, b in colors)


def rle8(index_rows):
    """RLE8 with encoded runs, absolute runs of odd and even length, and line ends; bottom row first."""
    out = b""
    for row in index_rows[::-1]:
        half = len(row) // 8 * 4
        for start in range(0, half, 4):
            value = row[start]
            out += bytes([4, value])
        rest = bytes(int(v) for v in row[half:])
        first, second = rest[:5], rest[5:]
        for part in (first, second):
            out += bytes([0, len(part)]) + part + b"\0" * (len(part) % 2)
        out += b"\0\0"
    return [out + b"\0\1"]


def rle4(index_rows):
    out = b""
    for row in index_rows[::-1]:
        half = len(row) // 2
        out += bytes([half, (int(row[0]) << 4) | int(row[1])])
        rest = [int(v) for v in row[half:]]
        packed = bytes((a << 4) | b for a, b in zip(rest[0::2], rest[1::2]))
        out += bytes([0, len(rest)]) + packed + b"\0" * (len(packed) % 2)
        out += b"\0\0"
    return [out + b"\0\1"]


def rle8_delta():
    """A run, a delta of 3 to the right and 2 up, a run, and the end of the bitmap: the rest is left unwritten."""
    return [bytes([6, 5, 0, 2, 3, 2, 9, 7, 0, 1])]


def words(values):
    return [row.astype("<u2").tobytes() for row in values]


def fixtures():
    r, g, b = (rgb[..., i].astype(np.uint32) for i in range(3))
    rows24 = [row[:, ::-1].tobytes() for row in rgb]
    rows32 = [np.dstack([rgb[..., ::-1], noise])[y].tobytes() for y in range(H)]
    p565 = ((r >> 3) << 11) | ((g >> 2) << 5) | (b >> 3)
    p555 = ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3)
    masks565 = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    masks555 = struct.pack("<III", 0x7C00, 0x03E0, 0x001F)
    rgba_masks = struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    ten_bit_masks = struct.pack("<III", 0x3FF << 20, 0x3FF << 10, 0x3FF)
    grey = [(i, i, i) for i in range(256)]

    yield "bmp-1", bmp(1, [pack_bits(row, 1) for row in shapes], bgr0(palette[:2]))
    yield "bmp-4", bmp(4, [pack_bits(row, 4) for row in indices(16)], bgr0(palette[:16]))
    yield "bmp-8", bmp(8, [bytes(row) for row in indices(256)], bgr0(palette))
    yield "bmp-8-short-palette", bmp(8, [bytes(row) for row in indices(200)], bgr0(palette[:100]), used=100)
    yield "bmp-8-grey", bmp(8, [bytes(row) for row in indices(256)], bgr0(grey))
    yield "bmp-8-top-down", bmp(8, [bytes(row) for row in indices(256)], bgr0(palette), top_down=True)
    yield "bmp-16-555", bmp(16, words(p555))
    yield "bmp-16-555-bitfields", bmp(16, words(p555), compression=3, masks=masks555)
    yield "bmp-16-565", bmp(16, words(p565), compression=3, masks=masks565)
    yield "bmp-24", bmp(24, rows24)
    yield "bmp-24-top-down", bmp(24, rows24, top_down=True)
    yield "bmp-24-v5", bmp(24, rows24, header=124)
    yield "bmp-32", bmp(32, rows32)
    yield "bmp-32-bitfields-bgra", bmp(32, rows32, compression=3, masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF))
    rgba_rows = [np.dstack([rgb, noise])[y].tobytes() for y in range(H)]
    yield "bmp-32-bitfields-rgba-v5", bmp(32, rgba_rows, compression=3, masks=rgba_masks, header=124)
    ten = (r * 4 + 1) << 20 | (g * 4 + 2) << 10 | (b * 4 + 3)
    yield "bmp-32-bitfields-101010", bmp(32, [row.astype("<u4").tobytes() for row in ten], compression=3, masks=ten_bit_masks)
    yield "bmp-rle8", bmp(8, rle8(indices(256)), bgr0(palette), compression=1)
    yield "bmp-rle8-delta", bmp(8, rle8_delta(), bgr0(palette), compression=1)
    yield "bmp-rle8-grey", bmp(8, rle8(indices(256)), bgr0(grey), compression=1)
    yield "bmp-rle4", bmp(4, rle4(indices(16)), bgr0(palette[:16]), compression=2)
    yield "bmp-os2-1", os2(1, [pack_bits(row, 1) for row in shapes], b"".join(bytes(c[::-1]) for c in palette[:2]))
    yield "bmp-os2-8", os2(8, [bytes(row) for row in indices(256)], b"".join(bytes(c[::-1]) for c in palette))
    yield "bmp-os2-24", os2(24, rows24)


def right_where_opencv_is_not():
    """Right pictures that OpenCV 5.0.0 does not read; the expectation is what the file says."""
    r, g, b = (rgb[..., i].astype(np.uint32) for i in range(3))
    p565 = ((r >> 3) << 11) | ((g >> 2) << 5) | (b >> 3)
    data = bmp(16, words(p565), compression=3, masks=struct.pack("<III", 0xF800, 0x07E0, 0x001F), header=108)
    yield "bmp-16-565-v4", data, np.stack([r & 0xF8, g & 0xFC, b & 0xF8], -1).astype(np.uint8)


def broken():
    rows = [row[:, ::-1].tobytes() for row in rgb]
    good = bmp(24, rows)
    for name, at, value in (
        ("bmp-huge", 18, struct.pack("<ii", 65535, 65535)),
        ("bmp-huge-top-down", 18, struct.pack("<ii", 65535, -(2**31))),
        ("bmp-zero-height", 22, struct.pack("<i", 0)),
        ("bmp-negative-width", 18, struct.pack("<i", -30)),
        ("bmp-data-beyond-end", 10, struct.pack("<I", 0xFFFFFFFF)),
        ("bmp-header-length", 14, struct.pack("<I", 20)),
        ("bmp-2-bit", 28, struct.pack("<H", 2)),
        ("bmp-jpeg-inside", 30, struct.pack("<I", 4)),
    ):
        yield name, good[:at] + value + good[at + len(value) :]
    indexed = bmp(8, [bytes(row) for row in indices(256)], bgr0(palette))
    yield "bmp-palette-too-long", indexed[:46] + struct.pack("<I", 257) + indexed[50:]
    yield "bmp-rle-crosses-row", bmp(8, [bytes([31, 1, 0, 1])], bgr0(palette), compression=1)
