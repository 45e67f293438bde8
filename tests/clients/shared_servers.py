"""A Redis for services to share, on a free port of this host."""

import socket
import subprocess
import tempfile
from contextlib import contextmanager

from ports import free_port
from siftd_service import until


class Redis:
    """A `redis-server` that keeps nothing on the disk."""

    def __init__(self, folder):
        self.port = free_port()
        self.command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        until(self.listens)

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, *command):
        """What it answers, each byte a character."""
        answer = subprocess.run(
            ["redis-cli", "-p", str(self.port), *command], capture_output=True, encoding="latin-1", check=True, timeout=30
        )
        return answer.stdout.strip()


@contextmanager
def redis():
    """A running Redis."""
    with tempfile.TemporaryDirectory() as folder:
        server = Redis(folder)
        try:
            yield server
        finally:
            server.kill()
