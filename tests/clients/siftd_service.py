"""A `siftd serve` to talk to, on a free port of this host."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

PATIENCE = 60  # s: longer than anything here takes on a slow machine


class Service:
    """A running service. What it logs is in `log`, parsed, and what it says on standard error in `errors`."""

    def __init__(self, binary, *arguments):
        command = [binary, "serve", "--listen", "127.0.0.1:0", *arguments]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SIFTD_", "OTEL_"))}
        environment["SIFTD_DRAIN_DELAY"] = "0.1"
        self.binary = binary
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        self.errors = []
        first = self.process.stdout.readline()
        if not first:
            raise RuntimeError(f"{command} does not start: {self.process.stderr.read()}")
        self.log = [json.loads(first)]
        self.address = self.log[0]["address"]
        self.url = f"http://{self.address}"
        self.readers = [
            threading.Thread(target=lambda: self.log.extend(map(json.loads, self.process.stdout))),
            threading.Thread(target=lambda: self.errors.extend(self.process.stderr)),
        ]
        for reader in self.readers:
            reader.start()
        # Where the cache is on a disk, what is there is looked through first.
        until(lambda: self.get("/health/ready")[0] == 200)

    def send(self, signal_number):
        self.process.send_signal(signal_number)

    def wait(self):
        """Waits for the end; the exit code."""
        code = self.process.wait(PATIENCE)
        for reader in self.readers:
            reader.join(PATIENCE)
        return code

    def stop(self):
        """Ends it, whatever state it is in; the exit code."""
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait()
            raise

    def get(self, path):
        """Status and text of a probe or metrics, whatever the client library under test."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, sample):
        """The value of a sample, written as it is scraped: `name{label="value"}`; 0 if there is none."""
        lines = (line.rsplit(" ", 1) for line in self.get("/metrics")[1].splitlines())
        return next((float(value) for name, value in lines if name == sample), 0.0)

    def health(self, *arguments):
        """The exit code of `siftd health`."""
        command = [self.binary, "health", "--listen", self.address, *arguments]
        return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False).returncode


@contextmanager
def serving(binary, *arguments):
    """Serves for as long as the block lasts."""
    service = Service(binary, *arguments)
    try:
        yield service
    finally:
        service.stop()


def until(condition):
    """Waits until something holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come to pass")
        time.sleep(0.01)
