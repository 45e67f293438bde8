"""The two servers."""

import subprocess
import time

from siftd_service import Server, Service

IDLE_SECONDS = 120


class Siftd(Service):
    """`siftd serve` as it is shipped, but for the number of images that may wait."""

    def __init__(self, binary, queue):
        super().__init__(binary, "--queue-capacity", queue, keep_log=False)
        self.queue = queue

    def compute(self):
        """Images that wait, threads that compute, threads there are."""
        samples = self.samples()
        names = ("compute_queue_depth", "compute_busy_threads", "compute_threads")
        return tuple(int(samples[f"siftd_{name}"]) for name in names)

    def wait_until(self, condition):
        """Waits until the three of `compute` are as wished."""
        deadline = time.monotonic() + IDLE_SECONDS
        while not condition(*self.compute()):
            if time.monotonic() > deadline:
                raise SystemExit(f"after {IDLE_SECONDS} s siftd still has {self.compute()} waiting, busy, threads")
            time.sleep(0.05)

    def wait_until_idle(self):
        self.wait_until(lambda waiting, busy, _: waiting == busy == 0)

    def wait_until_full(self):
        self.wait_until(lambda waiting, busy, threads: busy == threads and waiting >= 0.9 * self.queue)


class Bare(Server):
    """The yardstick: src/main.rs."""

    def __init__(self, binary, answer):
        process = subprocess.Popen([binary, answer], stdout=subprocess.PIPE, text=True)
        super().__init__(process, process.stdout.readline().strip())
