"""The small synthetic picture that the fixtures share, and the means to pack it."""

import numpy as np

W, H = 30, 22
_y, _x = np.mgrid[0:H, 0:W]
_rng = np.random.default_rng(20)

# Smooth gradients with a disc in them: something for a lossy coder to get wrong.
_disc = ((_x - 17) ** 2 + (_y - 9) ** 2 < 30)[..., None]
rgb = np.where(
    _disc,
    np.stack([255 - _y * 9, _x * 3, 90 + _x * 5], -1),
    np.stack([_x * 8, _y * 11, (_x + _y) * 4], -1),
).astype(np.uint8)
grey = rgb[..., 0]
noise = _rng.integers(0, 256, (H, W), dtype=np.uint8)
shapes = (((_x + _y) // 3) % 2).astype(np.uint8)
rgb16 = (rgb.astype(np.int64) * 257 + _rng.integers(-120, 120, rgb.shape)).clip(0, 65535).astype(np.uint16)
noise16 = _rng.integers(0, 65536, (H, W), dtype=np.uint16)
palette = [tuple(int(v) for v in color) for color in _rng.integers(0, 256, (256, 3))]


def indices(count):
    """Palette indices below `count`."""
    return ((_x * 7 + _y * 5) % count).astype(np.uint8)


def pack_bits(values, bits):
    """A row of samples of 1, 2 or 4 bits, the first in the high bits, padded to a byte."""
    per_byte = 8 // bits
    values = np.pad(values, (0, -len(values) % per_byte)).astype(np.uint8)
    out = np.zeros(len(values) // per_byte, np.uint8)
    for i in range(per_byte):
        out = (out << bits) | values[i::per_byte]
    return out.tobytes()


def orient(image, orientation):
    """What a viewer shows of `image` under EXIF orientation 1 to 8."""
    transposed = image.transpose(1, 0, 2)
    return {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: transposed,
        6: transposed[:, ::-1],
        7: transposed[::-1, ::-1],
        8: transposed[::-1],
    }[orientation]
