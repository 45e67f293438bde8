"""`siftd serve` as a process: started, asked, measured through /proc, ended."""

import http.client
import json
import pathlib
import signal
import subprocess

# Small enough to be full soon, so that what the cache takes does not pass for a leak.
CACHE_BYTES = 8 << 20
# Short enough for slow clients to be cut many times.
TIMEOUT_SECONDS = 3


class Service:
    """A running service at `address`; a context that ends it."""

    def __init__(self, binary):
        command = [
            str(binary), "serve", "--listen", "127.0.0.1:0", "--cache-memory", str(CACHE_BYTES),
            "--header-timeout", str(TIMEOUT_SECONDS), "--body-timeout", str(TIMEOUT_SECONDS), "--drain-delay", "0",
            "--log-rate", "1",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        listening = json.loads(self.process.stdout.readline())
        host, port = listening["address"].rsplit(":", 1)
        self.address = (host, int(port))
        self.proc = pathlib.Path("/proc", str(self.process.pid))
        # The pipe must not fill.
        self.reader = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.reader.wait(timeout=10)
        if code:
            raise SystemExit(f"siftd ended with {code}")

    def get(self, path):
        """Status and body of a GET."""
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def measure(self):
        """Resident bytes, open descriptors and threads."""
        return {
            "resident": self.status("VmRSS") * 1024,
            "descriptors": len(list((self.proc / "fd").iterdir())),
            "threads": self.status("Threads"),
        }

    def peak(self):
        """Most resident bytes so far."""
        return self.status("VmHWM") * 1024

    def status(self, name):
        """A number of /proc/PID/status."""
        for line in (self.proc / "status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        raise KeyError(name)
