"""What is done to the servers of shared caches: each fault is a context that lasts as long as it does, and gives what the servers
themselves say of it."""

import contextlib
import random
import threading

from memcached_servers import FullMemcached, Memcached
from postgres_server import Postgres
from redis_servers import Redis, RedisCluster

# Entries that are spoilt ten times a second: a tenth of all in a second, or more.
SPOILT_AT_A_TIME = 50


@contextlib.contextmanager
def killed(backend):
    backend.processes[0].kill()
    yield {}
    backend.processes[0].start()


@contextlib.contextmanager
def lost_for_good(backend):
    """A primary that its replica replaces."""
    backend.processes[0].kill()
    yield {}


@contextlib.contextmanager
def paused(backend):
    backend.processes[0].pause()
    yield {}
    backend.processes[0].resume()


@contextlib.contextmanager
def refused(backend):
    """Connections beyond the limit of one server, when those that were there are gone."""
    with backend.all_places_taken():
        yield {}


@contextlib.contextmanager
def full(backend):
    """No room for writes."""
    backend.fill()
    yield {}
    backend.make_room()


@contextlib.contextmanager
def evicting(backend):
    """Room for some of what there is."""
    before = backend.evictions()
    backend.shrink()
    evidence = {}
    yield evidence
    evidence["evicted"] = backend.evictions() - before
    backend.make_room()


@contextlib.contextmanager
def spoilt(backend):
    """Entries truncated, flipped, replaced by something else and removed, some of each ten times a second."""
    over = threading.Event()

    def spoil():
        with backend.spoiler(random.Random(7)) as spoiler:
            while not over.wait(0.1):
                spoiler(SPOILT_AT_A_TIME)

    spoiling = threading.Thread(target=spoil)
    spoiling.start()
    yield {}
    over.set()
    spoiling.join()


# The servers, what happens to them in words, and the fault.
FAULTS = [
    (Redis, "killed (SIGKILL), started again", killed),
    (Redis, "paused (SIGSTOP)", paused),
    (Redis, "connections refused at `maxclients`", refused),
    (Redis, "full, `noeviction`", full),
    (Redis, "evicting, `allkeys-lru`", evicting),
    (Redis, "values truncated, flipped, of another type", spoilt),
    (RedisCluster, "a primary killed, its replica takes over", lost_for_good),
    (RedisCluster, "a primary paused, then back", paused),
    (RedisCluster, "a primary refuses connections at `maxclients`", refused),
    (RedisCluster, "full, `noeviction`", full),
    (RedisCluster, "evicting, `allkeys-lru`", evicting),
    (RedisCluster, "values truncated, flipped, of another type", spoilt),
    (Memcached, "one of three killed, started again", killed),
    (Memcached, "one of three paused", paused),
    (Memcached, "one of three refuses connections at `-c`", refused),
    (FullMemcached, "full, `-M`", full),
    (Memcached, "evicting", evicting),
    (Memcached, "items truncated, flipped, another's, deleted", spoilt),
    (Postgres, "killed (SIGKILL), started again", killed),
    (Postgres, "paused (SIGSTOP)", paused),
    (Postgres, "connections refused at `max_connections`", refused),
    (Postgres, "read-only, as hosted ones are when full", full),
    (Postgres, "rows truncated, flipped, another's, deleted", spoilt),
]
