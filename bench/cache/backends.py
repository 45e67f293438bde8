"""The servers, as they are recommended or as they come: those of bench/faults, but for their options."""

import pathlib
import subprocess

import postgres_server
import redis_servers
from ports import free_port
from servers import Backend, Process

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "redis"


class Redis(redis_servers.Redis):
    """As deploy/redis recommends it."""

    configuration = DEPLOY / "redis.conf"

    def node(self, *options):
        port = free_port()
        folder = pathlib.Path(self.folder.name, str(port))
        folder.mkdir()
        command = ["redis-server", self.configuration, "--bind", "127.0.0.1", "--port", port, "--dir", folder, *options]
        self.processes.append(Process([str(word) for word in command], port))

    def serves(self):
        """An append-only file is read first."""
        return self.says("PONG", "PING")

    def says(self, expected, *command):
        """Whether all of them do."""
        try:
            return all(expected in self.ask(*command, port=process.port) for process in self.processes)
        except subprocess.CalledProcessError:
            return False


class RedisCluster(Redis, redis_servers.RedisCluster):
    """Three primaries and three replicas, as deploy/redis recommends them."""

    configuration = DEPLOY / "cluster-node.conf"

    def __init__(self):
        redis_servers.RedisCluster.__init__(self)

    def serves(self):
        return self.says("cluster_state:ok", "CLUSTER", "INFO")


class Memcached(Backend):
    """One, as it comes."""

    def __init__(self):
        super().__init__()
        port = free_port()
        command = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-u", "nobody", "-m", "1024"]
        self.processes.append(Process(command, port))
        self.url = f"memcached://127.0.0.1:{port}"

    def serves(self):
        return self.processes[0].listens()


class Postgres(postgres_server.Postgres):
    """As it comes."""

    def __init__(self):
        super().__init__("-c", "max_connections=100")


BACKENDS = (Redis, RedisCluster, Memcached, Postgres)
