"""Servers of shared caches, each on free ports in a folder of its own, that can be killed, paused and started again."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE = 60  # s


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


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


class Redis(Backend):
    name = "redis"

    def __init__(self):
        super().__init__()
        self.node()
        self.url = f"redis://127.0.0.1:{self.processes[0].port}"

    def node(self, *options):
        port = free_port()
        folder = pathlib.Path(self.folder.name, str(port))
        folder.mkdir()
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self.processes.append(Process([*command, *options], port))

    def ask(self, *command, port=None):
        command = ["redis-cli", "-p", str(port or self.processes[0].port), *command]
        return subprocess.run(command, capture_output=True, encoding="latin-1", check=True, timeout=PATIENCE).stdout


class RedisCluster(Redis):
    name = "redis-cluster"

    def __init__(self):
        Backend.__init__(self)
        for _ in range(6):
            self.node("--cluster-enabled", "yes", "--cluster-node-timeout", "5000", "--cluster-port", str(free_port()),
                      "--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0")
        addresses = [f"127.0.0.1:{process.port}" for process in self.processes]
        create = ["redis-cli", "--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes"]
        subprocess.run(create, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
        until("replicas are in step", lambda: all(
            "role:slave" in info and "link_status:up" in info
            for info in (self.ask("INFO", "replication", port=process.port) for process in self.processes[3:])
        ))
        self.url = "redis-cluster://" + ",".join(addresses)


class Memcached(Backend):
    name = "memcached"

    def __init__(self):
        super().__init__()
        for _ in range(3):
            port = free_port()
            command = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-u", "nobody", "-m", "256"]
            self.processes.append(Process(command, port))
        self.url = "memcached://" + ",".join(f"127.0.0.1:{process.port}" for process in self.processes)


class Postgres(Backend):
    name = "postgres"

    def __init__(self):
        super().__init__()
        programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        data, port = f"{self.folder.name}/data", free_port()
        user = None
        if os.geteuid() == 0:
            # PostgreSQL does not run as root.
            user = pwd.getpwnam("nobody").pw_uid
            os.chown(self.folder.name, user, -1)
        initialise = [programs / "initdb", "--no-sync", "--auth=trust", "--username=siftd", "-D", data]
        subprocess.run(initialise, check=True, stdout=subprocess.DEVNULL, user=user, cwd="/")
        command = [str(programs / "postgres"), "-D", data, "-p", str(port), "-k", data]
        self.processes.append(Process(command, port, user))
        ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        until("PostgreSQL serves", lambda: subprocess.run(ready).returncode == 0)
        self.url = f"postgres://siftd@127.0.0.1:{port}/postgres"


BACKENDS = {backend.name: backend for backend in (Redis, RedisCluster, Memcached, Postgres)}


def missing():
    """Programs that are not installed."""
    programs = [name for name in ("redis-server", "redis-cli", "memcached") if shutil.which(name) is None]
    return programs + ([] if list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")) else ["postgresql"])
