"""Servers as processes, above all `siftd serve`: started on a free port, asked, watched through /proc, ended."""

import http.client
import json
import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60  # s: longer than anything here takes on a slow machine
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that serves at `address`; a context that ends it."""

    def __init__(self, process, address):
        self.process = process
        self.address = address
        self.url = f"http://{address}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.kill()
        return self.process.wait()

    def ask(self, method, path, body=None, content_type=None):
        """Status, header pairs and body of one answer."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), body

    def cpu_seconds(self):
        """User and system time of all threads since the start, in steps of a clock tick (10 ms)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def status(self, name):
        """A number of /proc/PID/status, with memory (`VmRSS`: now, `VmHWM`: at most so far) in bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            words = line.split()
            if words[0] == f"{name}:":
                return int(words[1]) * (1024 if words[-1] == "kB" else 1)
        raise KeyError(name)

    def descriptors(self):
        """Open files, sockets and the like."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Service(Server):
    """`siftd serve` with its defaults but for `arguments`, which is ready. What it says on standard error is in `errors`, what it
    logs in `log`, parsed; of a log that is not kept, only the first line. `before` stands before the command."""

    def __init__(self, binary, *arguments, before=(), keep_log=True):
        command = [*before, str(binary), "serve", "--listen", "127.0.0.1:0", *map(str, arguments)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("SIFTD_", "OTEL_"))}
        environment["SIFTD_DRAIN_DELAY"] = "0.1"
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        first = process.stdout.readline()
        if not first:
            raise RuntimeError(f"{command} does not start: {process.stderr.read()}")
        self.binary, self.log, self.errors = binary, [json.loads(first)], []
        super().__init__(process, self.log[0]["address"])
        # The pipe must not fill; a process of its own takes no time of the one that measures.
        keep = lambda: self.log.extend(map(json.loads, process.stdout))
        discard = lambda: subprocess.run(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL, check=True)
        self.readers = [
            threading.Thread(target=keep if keep_log else discard),
            threading.Thread(target=lambda: self.errors.extend(process.stderr)),
        ]
        for reader in self.readers:
            reader.start()
        # Where the cache is on a disk, what is there is looked through first.
        until(self.is_ready)

    def is_ready(self):
        return self.get("/health/ready")[0] == 200

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
        """Status and text of an answer."""
        status, _, body = self.ask("GET", path)
        return status, body.decode()

    def samples(self):
        """What is scraped, by name with labels, as it is written: `name{label="value"}`."""
        lines = (line.rsplit(" ", 1) for line in self.get("/metrics")[1].splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines}

    def metric(self, sample):
        """The value of a sample; 0 if there is none."""
        return self.samples().get(sample, 0.0)

    def health(self, *arguments):
        """The exit code of `siftd health`."""
        command = [self.binary, "health", "--listen", self.address, *arguments]
        return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False).returncode


@contextmanager
def serving(binary, *arguments):
    """Serves for as long as the block lasts."""
    with Service(binary, *arguments) as service:
        yield service


def until(condition, what="it", patience=PATIENCE):
    """Waits until something holds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come to pass within {patience} s")
        time.sleep(0.01)
