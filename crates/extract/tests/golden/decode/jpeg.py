"""JPEG fixtures, encoded by OpenCV's and Pillow's libjpeg-turbo, some rewritten segment by segment."""

import io
import struct

import cv2
import numpy as np
from PIL import Image

from scene import grey, rgb

QUALITY = cv2.IMWRITE_JPEG_QUALITY
SAMPLING = cv2.IMWRITE_JPEG_SAMPLING_FACTOR
PROGRESSIVE = cv2.IMWRITE_JPEG_PROGRESSIVE
RESTART = cv2.IMWRITE_JPEG_RST_INTERVAL
FACTORS = {"444": 0x111111, "422": 0x211111, "420": 0x221111, "440": 0x121111, "411": 0x411111}


def opencv(image, *options):
    return cv2.imencode(".jpg", image, list(options))[1].tobytes()


def pillow(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def segments(data):
    """(marker, payload) up to the first scan, and the rest."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found, data[at:]


def join(found, rest):
    parts = (b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data for marker, data in found)
    return b"\xff\xd8" + b"".join(parts) + rest


def without(data, *markers):
    found, rest = segments(data)
    return join([part for part in found if part[0] not in markers], rest)


def with_app1(data, *payloads):
    found, rest = segments(data)
    return join([(0xE1, payload) for payload in payloads] + found, rest)


def exif(orientation, little=False):
    if little:
        return b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def rgb_components(data):
    """Renames the components to R, G, B and drops the JFIF mark: stored as RGB, then."""
    found, rest = segments(without(data, 0xE0))
    out = []
    for marker, payload in found:
        if marker == 0xC0:
            payload = bytearray(payload)
            payload[6], payload[9], payload[12] = b"RGB"
            payload = bytes(payload)
        out.append((marker, payload))
    rest = bytearray(rest)
    rest[5], rest[7], rest[9] = b"RGB"
    return join(out, bytes(rest))


def patched_frame(data, at, value):
    """Overwrites bytes in the start-of-frame payload."""
    found, rest = segments(data)
    out = []
    for marker, payload in found:
        if marker in (0xC0, 0xC2):
            payload = payload[:at] + value + payload[at + len(value) :]
        out.append((marker, payload))
    return join(out, rest)


def fixtures():
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    for name, factors in FACTORS.items():
        yield f"jpeg-{name}", opencv(bgr, QUALITY, 90, SAMPLING, factors)
        yield f"jpeg-{name}-progressive", opencv(bgr, QUALITY, 75, SAMPLING, factors, PROGRESSIVE, 1)
    yield "jpeg-420-quality-15", opencv(bgr, QUALITY, 15)
    yield "jpeg-420-quality-100", opencv(bgr, QUALITY, 100)
    yield "jpeg-420-restarts", opencv(bgr, QUALITY, 90, RESTART, 1)
    yield "jpeg-420-restarts-progressive", opencv(bgr, QUALITY, 90, RESTART, 2, PROGRESSIVE, 1)
    yield "jpeg-420-narrow", opencv(np.ascontiguousarray(bgr[:, :3]), QUALITY, 90)
    yield "jpeg-420-one-pixel", opencv(np.ascontiguousarray(bgr[4:5, 9:10]), QUALITY, 90)
    yield "jpeg-grey", pillow(Image.fromarray(grey), quality=90)
    yield "jpeg-grey-progressive", pillow(Image.fromarray(grey), quality=70, progressive=True)
    plain = opencv(bgr, QUALITY, 90)
    yield "jpeg-rgb-components", rgb_components(opencv(bgr, QUALITY, 90, SAMPLING, FACTORS["444"]))
    yield "jpeg-adobe-rgb", pillow(Image.fromarray(rgb), quality=90, keep_rgb=True)
    yield "jpeg-no-jfif", without(plain, 0xE0)
    yield "jpeg-no-huffman-tables", without(plain, 0xC4)
    cmyk = Image.fromarray(np.dstack([255 - rgb, grey // 2]), "CMYK")
    yield "jpeg-cmyk-adobe", pillow(cmyk, quality=90)
    yield "jpeg-cmyk-no-adobe", without(pillow(cmyk, quality=90), 0xEE)
    found, rest = segments(pillow(cmyk, quality=90))
    ycck = [(m, p[:11] + b"\2" + p[12:] if m == 0xEE else p) for m, p in found]
    yield "jpeg-ycck", join(ycck, rest)
    for orientation in range(1, 9):
        yield f"jpeg-exif-{orientation}", with_app1(plain, exif(orientation, little=orientation % 2 == 0))
    yield "jpeg-exif-9", with_app1(plain, exif(9))
    yield "jpeg-exif-behind-xmp", with_app1(plain, b"http://ns.adobe.com/xap/1.0/\0<x/>", exif(6))
    yield "jpeg-exif-twice", with_app1(plain, exif(6), exif(3))
    yield "jpeg-exif-broken", with_app1(plain, exif(6)[:20])
    yield "jpeg-bytes-behind-end", plain + b"\xff\xd8 and what not"
    yield "jpeg-fill-bytes", plain[:2] + b"\xff\xff\xff" + plain[2:]


def broken():
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    plain = opencv(bgr, QUALITY, 90)
    yield "jpeg-huge", patched_frame(plain, 1, b"\xff\xff\xff\xff")
    yield "jpeg-zero-height", patched_frame(plain, 1, b"\0\0")
    yield "jpeg-12-bit", patched_frame(plain, 0, b"\x0c")
    yield "jpeg-arithmetic", plain.replace(b"\xff\xc0", b"\xff\xc9")
    yield "jpeg-lossless", plain.replace(b"\xff\xc0", b"\xff\xc3")
    yield "jpeg-no-end", plain[:-2]
    yield "jpeg-no-quantization", without(plain, 0xDB)
    damaged = bytearray(opencv(bgr, QUALITY, 90, RESTART, 1))
    at = bytes(damaged).rindex(b"\xff\xd1")
    del damaged[at : at + 2]
    yield "jpeg-lost-restart", bytes(damaged)
    progressive = opencv(bgr, QUALITY, 75, PROGRESSIVE, 1)
    # One run over all twelve blocks of luminance.
    empty_scan = b"\xff\xda\0\x08\1\1\0\x3f\x3f\0\x4f"
    tables, scans = progressive[: progressive.index(b"\xff\xda")], progressive[progressive.index(b"\xff\xda") :]
    one_code = b"\xff\xc4" + struct.pack(">HB", 20, 0x10) + bytes([1] + [0] * 15) + b"\x30"
    yield "jpeg-too-many-scans", tables + one_code + empty_scan * 250 + scans
    yield "jpeg-only-tables", plain[: plain.index(b"\xff\xda")] + b"\xff\xd9"
