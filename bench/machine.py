"""What a record says of the machine and the programs that it was made with."""

import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def output(*command):
    """What a command prints, run at the root of the repository."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def processor():
    """Its name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def machine():
    """The processor and how many of its cores there are."""
    return f"{processor()}, {len(os.sched_getaffinity(0))} cores"
