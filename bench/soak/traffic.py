"""Clients of all kinds. Each is a generator of the statuses that it saw, until a moment; 0 is a connection that was cut."""

import gzip
import hashlib
import http.client
import pathlib
import random
import socket
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
DETECT = "/api/v1/features/detect"
BATCH = "/api/v1/features/batch"
PICTURES = [path.read_bytes() for path in sorted((ROOT / "testdata/pictures").glob("*.jpg"))]
# Fixtures of the decoders: malformed, truncated, of other formats.
FIXTURES = ROOT / "crates/extract/tests/golden/decode"
MALFORMED = [
    path.read_bytes() for kind in ("broken", "beyond") for path in sorted((FIXTURES / kind).rglob("*")) if path.is_file()
]
BOMB = gzip.compress(bytes(50_000_000))


def ask(connection, method, path, body=None, headers=None):
    """The status of a request, 0 if it has none."""
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0


def form(*images):
    """A multipart form, and its content type."""
    parts = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="image"; filename="%d"\r\n\r\n%s\r\n' % (index, image)
        for index, image in enumerate(images)
    )
    return parts + b"--edge--\r\n", {"Content-Type": "multipart/form-data; boundary=edge"}


def unique(picture, draw):
    """The same picture with a comment of its own."""
    return picture[:2] + b"\xff\xfe\x00\x12" + draw.randbytes(16) + picture[2:]


def good(address, seed, until):
    """Hits, misses, GETs in every format, batches."""
    draw = random.Random(seed)
    connection = http.client.HTTPConnection(*address, timeout=60)
    while time.monotonic() < until:
        picture = draw.choice(PICTURES)
        if draw.random() < 0.1:
            picture = unique(picture, draw)
        body, headers = form(picture)
        yield ask(connection, "POST", DETECT, body, headers)
        name = hashlib.sha256(picture).hexdigest()
        path = f"/api/v1/features/{name}?format={draw.choice(['summary', 'json', 'npz', 'colmap', 'siftd'])}"
        yield ask(connection, draw.choice(["GET", "HEAD"]), path)
        if draw.random() < 0.05:
            body, headers = form(*(draw.choice(PICTURES) for _ in range(5)))
            yield ask(connection, "POST", BATCH, body, headers)


def bad(address, seed, until):
    """What is no image, no form, no parameter, no path."""
    draw = random.Random(seed)
    connection = http.client.HTTPConnection(*address, timeout=60)
    while time.monotonic() < until:
        picture = draw.choice(PICTURES)
        broken, headers = form(picture)
        requests = [
            ("POST", DETECT, draw.randbytes(draw.randrange(1, 100_000)), {}),
            ("POST", DETECT, draw.choice(MALFORMED), {}),
            ("POST", DETECT, b"GIF89a" + draw.randbytes(100), {}),
            ("POST", DETECT, b"P5 60000 60000 255 ", {}),
            ("POST", DETECT, broken[: draw.randrange(1, len(broken) - 10)], headers),
            ("POST", DETECT, BOMB, {"Content-Encoding": "gzip"}),
            ("POST", DETECT, draw.randbytes(1000), {"Content-Encoding": "gzip"}),
            ("POST", DETECT, draw.randbytes(1000), {"Content-Encoding": "br"}),
            ("POST", DETECT + "?sigma=-1", picture, {}),
            ("POST", DETECT, picture, {"Accept": "text/html"}),
            ("POST", BATCH, picture, {}),
            ("GET", "/api/v1/features/" + "0" * 64, None, {}),
            ("GET", "/" + "x" * draw.randrange(1, 1000), None, {"X-Request-ID": "\x7f" * 10}),
            ("GET", "/health", None, {"X-Filler": "y" * 500_000}),
            ("DELETE", DETECT, None, {}),
        ]
        yield ask(connection, *draw.choice(requests))
        # Whatever it was, it is not to be as fast as it can.
        time.sleep(0.01)


def slow(address, seed, until):
    """A byte a second, half a body, no answer read, nothing at all."""
    draw = random.Random(seed)
    picture = PICTURES[0]
    head = f"POST {DETECT} HTTP/1.1\r\nhost: a\r\ncontent-length: {len(picture)}\r\n\r\n".encode()
    name = hashlib.sha256(picture).hexdigest()
    many = f"GET /api/v1/features/{name}?format=json HTTP/1.1\r\nhost: a\r\n\r\n".encode() * 100
    while time.monotonic() < until:
        with socket.create_connection(address, timeout=20) as connection:
            try:
                behaviour = draw.randrange(5)
                if behaviour == 0:
                    trickle(connection, head + picture, until)
                elif behaviour == 1:
                    connection.sendall(head + picture[: len(picture) // 2])
                    continue
                elif behaviour == 2:
                    connection.sendall(many)
                    time.sleep(draw.uniform(0, 8))
                    continue
                elif behaviour == 3:
                    connection.sendall(head + picture[:1000])
                else:
                    connection.sendall(draw.choice([b"", b"PRI * HTTP", b"GET / HT"]))
                yield status_of(connection.recv(65536))
            except OSError:
                yield 0


def trickle(connection, request, until):
    """Sends a byte a second, until the other side has had enough."""
    connection.settimeout(1)
    for byte in request:
        if time.monotonic() > until:
            return
        connection.send(bytes([byte]))
        try:
            connection.recv(1, socket.MSG_PEEK)
            return
        except TimeoutError:
            pass


def status_of(answer):
    """The status that a raw answer begins with, 0 if it is none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) == 3 and answer.startswith(b"HTTP/1.1 ") else 0


# Kind, client, how many at a time.
KINDS = [("good", good, 4), ("bad", bad, 3), ("slow", slow, 12)]
