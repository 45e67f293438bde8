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


class ProcessorTime:
    """Processor time of the whole machine from now on, by /proc/stat."""

    def __init__(self):
        self.before = self.ticks()

    @staticmethod
    def ticks():
        """What was used, and what the host gave to others while a thread was ready to run."""
        user, nice, system, _, _, irq, softirq, stolen = map(int, Path("/proc/stat").read_text().split()[1:9])
        return user + nice + system + irq + softirq, stolen

    def stolen(self):
        """Share of what was asked for."""
        used, stolen = (after - before for after, before in zip(self.ticks(), self.before))
        return stolen / max(used + stolen, 1)
