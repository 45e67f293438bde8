"""Redis and Redis Cluster."""

import contextlib
import pathlib
import subprocess

from ports import free_port
from servers import PATIENCE, Backend, Conversation, Process, until


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

    @property
    def primaries(self):
        return self.processes[:1]

    def ask(self, *command, port=None):
        command = ["redis-cli", "-p", str(port or self.processes[0].port), *command]
        return subprocess.run(command, capture_output=True, encoding="latin-1", check=True, timeout=PATIENCE).stdout

    def configure(self, *settings):
        for primary in self.primaries:
            self.ask("CONFIG", "SET", *settings, port=primary.port)

    @contextlib.contextmanager
    def all_places_taken(self):
        """One client takes the only place, and those that were there are cut."""
        with Conversation(self.processes[0].port) as only:
            only.send(b"CONFIG SET maxclients 1\r\nCLIENT KILL TYPE normal SKIPME yes\r\n")
            yield
            only.send(b"CONFIG SET maxclients 1000\r\n")
            for _ in range(3):
                only.line()

    def fill(self):
        self.configure("maxmemory-policy", "noeviction", "maxmemory", "1mb")

    def shrink(self):
        self.configure("maxmemory-policy", "allkeys-lru", "maxmemory", "4mb")

    def make_room(self):
        self.configure("maxmemory", "0")

    def evictions(self):
        infos = (self.ask("INFO", "stats", port=primary.port) for primary in self.primaries)
        return sum(int(info.split("evicted_keys:")[1].split()[0]) for info in infos)

    @contextlib.contextmanager
    def spoiler(self, generator):
        with contextlib.ExitStack() as open_ones:
            nodes = [open_ones.enter_context(Conversation(primary.port)) for primary in self.primaries]

            def spoil(number):
                for node in nodes:
                    words = [b"EVAL", SPOIL_REDIS, b"0", b"%d" % (number // len(nodes)), b"%d" % generator.randrange(1 << 31)]
                    node.send(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
                    reply = node.line()
                    if not reply.startswith(b"$-1"):
                        raise SystemExit(f"nothing is spoilt: {reply}")

            yield spoil


SPOIL_REDIS = b"""
math.randomseed(ARGV[2])
for i = 1, ARGV[1] do
  local key = redis.call('RANDOMKEY')
  if key and redis.call('TYPE', key).ok == 'string' then
    local way = math.random(3)
    if way == 1 then redis.call('SETRANGE', key, 20, 'flipped')
    elseif way == 2 then redis.call('SET', key, redis.call('GETRANGE', key, 0, 50))
    else redis.call('DEL', key); redis.call('LPUSH', key, 'another type') end
  end
end
"""


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

    @property
    def primaries(self):
        return self.processes[:3]
