"""The binary, a service that the tests share, and pictures."""

import random
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "bench")]

from siftd_service import serving  # noqa: E402

PICTURES = ROOT / "testdata" / "pictures"


def pytest_addoption(parser):
    parser.addoption("--siftd", default=str(ROOT / "target" / "release" / "siftd"), help="the binary to test")
    parser.addoption("--screenshots", default=None, help="a folder for pictures of the pages")


@pytest.fixture(scope="session")
def binary(request):
    return str(Path(request.config.getoption("--siftd")).resolve(strict=True))


@pytest.fixture(scope="session")
def service(binary):
    """A service as it is by default, shared."""
    with serving(binary) as running:
        yield running
        assert running.stop() == 0
        assert running.errors == []


@pytest.fixture
def serve(binary):
    """Makes services of a test's own: `with serve("--cache", "none:") as service`."""
    return lambda *arguments: serving(binary, *arguments)


@pytest.fixture(scope="session")
def picture():
    """A photograph."""
    return PICTURES / "chelsea.jpg"


def noise(seed, width=64, height=64):
    """A picture (PGM) that no other seed gives."""
    return b"P5 %d %d 255\n" % (width, height) + random.Random(seed).randbytes(width * height)
