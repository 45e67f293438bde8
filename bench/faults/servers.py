"""What the servers of shared caches have in common: processes on free ports in a folder of their own, that can be killed, paused and
started again, and are talked to."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE = 60  # s


def until(what, holds):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {PATIENCE} s")
        time.sleep(0.02)


class Process:
    """A server, with its own children."""

    def __init__(self, command, port, user=None):
        self.command, self.port, self.user = command, port, user
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self.user, cwd="/"
        )
        until(f"{self.command[0]} listens", self.listens)

    def listens(self):
        if self.process.poll() is not None:
            # What its predecessor left may not be free yet.
            self.process = subprocess.Popen(
                self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self.user, cwd="/"
            )
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def signal(self, number):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in [pid, *map(int, children)]:
            try:
                os.kill(each, number)
            except ProcessLookupError:
                pass

    def kill(self):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait()

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)


class Backend:
    """Processes, and the URL that siftd takes for them."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
        self.folder.cleanup()


class Conversation:
    """A connection on which a server is sent bytes and answers by lines."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        return self.reader.readline()


def missing():
    """Programs that are not installed."""
    programs = [name for name in ("redis-server", "redis-cli", "memcached") if shutil.which(name) is None]
    return programs + ([] if list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")) else ["postgresql"])
