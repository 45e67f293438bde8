"""The two servers as processes: started, asked, watched through /proc, ended."""

import http.client
import os
import re
import socket
import subprocess
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 10
IDLE_SECONDS = 120


class Server:
    """A process that serves at `address`; a context that ends it."""

    def __init__(self, process, address):
        self.process = process
        self.address = address

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def cpu_seconds(self):
        """User and system time of all threads since the start, in steps of a clock tick (10 ms)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, field):
        """`VmRSS` (now) or `VmHWM` (at most so far), in 10^6 bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M)[1]) * 1024 / 1e6

    def ask(self, method, path, body=None, content_type=None):
        """Status, header pairs and body of one answer."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), body


class Siftd(Server):
    """`siftd serve` as it is shipped, but for the number of images that may wait; the log of requests goes nowhere."""

    def __init__(self, binary, queue):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % free.getsockname()[1]
        command = [binary, "serve", "--listen", address, "--queue-capacity", str(queue)]
        super().__init__(subprocess.Popen(command, stdout=subprocess.DEVNULL), address)
        self.queue = queue
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise SystemExit("siftd serve did not become ready")
            time.sleep(0.05)

    def is_ready(self):
        try:
            return self.ask("GET", "/health/ready")[0] == 200
        except OSError:
            return False

    def compute(self):
        """Images that wait, threads that compute, threads there are."""
        text = self.ask("GET", "/metrics")[2].decode()
        names = ("compute_queue_depth", "compute_busy_threads", "compute_threads")
        return tuple(int(re.search(rf"^siftd_{name} (\d+)", text, re.M)[1]) for name in names)

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
