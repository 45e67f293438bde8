"""Processors that are kept from sleeping."""

import os
import subprocess
import sys

# Runs where nothing else does, and no longer than the process that started it. It yields, as a thread that has just begun to compute
# would be ahead of its share after a slice, and lose the 4 ms to the next tick to whatever else is ready, however low its priority.
LOOP = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
parent = os.getppid()
while os.getppid() == parent:
    os.sched_yield()
"""


class Awake:
    """While it is entered, each processor has something to do at the lowest priority there is. A virtual machine's processor that
    has slept comes back where its host has room, which may be beside somebody else's thread on one core: runs of some
    milliseconds between pauses took up to 1.45 times as long then."""

    def __enter__(self):
        self.loops = [subprocess.Popen([sys.executable, "-c", LOOP, str(number)]) for number in os.sched_getaffinity(0)]
        return self

    def __exit__(self, *_):
        for loop in self.loops:
            loop.kill()
            loop.wait()
