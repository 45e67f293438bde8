"""Pictures of a given size, and the uploads that carry them."""

import random
from pathlib import Path

SAMPLES = Path(__file__).resolve().parents[2] / "testdata" / "pictures"
# What load.lua replaces, so that each upload is another picture.
UNIQUE = b"u" * 32
BOUNDARY = "siftd-bench-serving"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def comment(length, text=b""):
    """A comment segment of a JPEG, of 4 to 65,537 bytes."""
    return b"\xff\xfe" + (length - 2).to_bytes(2, "big") + text.ljust(length - 4)


def jpeg(name, size=None):
    """A sample, made so large with comments (up to 3 bytes less), or else only by the one that makes it unique."""
    data = (SAMPLES / name).read_bytes()
    comments = [comment(4 + len(UNIQUE), UNIQUE)]
    left = (size or 0) - len(data) - len(comments[0])
    while left >= 4:
        length = min(left, 65_537)
        if 0 < left - length < 4:
            length -= 4
        comments.append(comment(length))
        left -= length
    return data[:2] + b"".join(comments) + data[2:]


def pnm(width, height, block=32):
    """Coloured squares, without compression."""
    source = random.Random(1)
    rows = []
    for _ in range(0, height, block):
        squares = (source.randbytes(3) * block for _ in range(0, width, block))
        rows += [b"".join(squares)[: 3 * width]] * block
    return b"P6\n# " + UNIQUE + f"\n{width} {height}\n255\n".encode() + b"".join(rows[:height])


def multipart(picture):
    """The body of a form whose field `image` is the picture."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="picture"\r\n\r\n'
    return head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()
