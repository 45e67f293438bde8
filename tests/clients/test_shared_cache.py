"""Services that share a Redis."""

import json
import math
import re
import subprocess

import pytest
import requests

from conftest import noise
from shared_servers import redis
from siftd_service import until

DETECT = "/api/v1/features/detect"


def detect(service, image, **query):
    answer = requests.post(service.url + DETECT, params=query, data=image, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def status(service):
    return json.loads(service.get("/health")[1])["status"]


def breaker(service):
    return service.metric('siftd_breaker_state{tier="redis"}')


def stored(server, count):
    until(lambda: server.ask("DBSIZE") == str(count))


def test_what_one_computes_is_a_hit_in_the_others(serve):
    images = [noise(f"shared {index}", 200, 150) for index in range(3)]
    with redis() as server, serve("--cache", server.url) as first, serve("--cache", server.url) as second:
        for image in images:
            assert detect(first, image).json()["cached"] is False
        stored(server, 3)
        for image in images:
            answer = detect(second, image)
            assert answer.json()["cached"] is True
            assert "redis" in answer.headers["Cache-Status"]
        assert detect(second, images[0]).headers["Cache-Status"].count("memory") == 1
        assert second.metric('siftd_cache_requests_total{tier="redis",result="hit"}') == 3


def test_threads_and_instruction_sets_agree_bit_for_bit(serve):
    image = noise("agree", 500, 400)
    with redis() as server:
        bodies = set()
        for isa, threads in [("scalar", "1"), ("avx2", "2"), ("avx512", "3")]:
            # Names of their own, so that each computes it.
            arguments = ["--isa", isa, "--threads", threads, "--cache", server.url, "--cache-prefix", f"{isa}:"]
            with serve(*arguments) as service:
                answer = detect(service, image, format="siftd")
                assert "miss" in answer.headers["Cache-Status"]
                bodies.add(answer.content)
        assert len(bodies) == 1
        stored(server, 3)
        values = {server.ask("GETRANGE", name, "32", "-1") for name in server.ask("KEYS", "*").split()}
        assert len(values) == 1


def test_a_redis_that_is_lost_and_found_again_fails_no_request(serve):
    with redis() as server, serve("--cache", server.url) as service:
        detect(service, noise("before", 100, 100))
        stored(server, 1)
        assert status(service) == "healthy"
        server.kill()
        until(lambda: status(service) == "degraded")
        assert breaker(service) > 0
        assert service.get("/health/ready")[0] == 200
        for index in range(20):
            detect(service, noise(f"meanwhile {index}", 100, 100))
        assert service.metric('siftd_cache_errors_total{tier="redis",kind="breaker_open"}') > 0
        server.start()
        until(lambda: status(service) == "healthy")
        assert breaker(service) == 0
        detect(service, noise("after", 100, 100))
        stored(server, 1)
    assert any("is not asked until it answers" in line for line in service.errors)
    assert any("answers again" in line for line in service.errors)


def test_a_service_starts_without_its_redis(serve):
    with redis() as server:
        server.kill()
        with serve("--cache", server.url) as service:
            until(lambda: status(service) == "degraded")
            detect(service, noise("alone", 100, 100))
            server.start()
            until(lambda: status(service) == "healthy")


def test_a_corrupt_value_is_computed_anew_and_replaced(serve):
    image = noise("corrupt", 200, 150)
    with redis() as server:
        with serve("--cache", server.url) as first:
            expected = detect(first, image, format="siftd").content
            stored(server, 1)
        name = server.ask("KEYS", "*")
        server.ask("SETRANGE", name, "1000", "corrupt")
        with serve("--cache", server.url) as second:
            answer = detect(second, image, format="siftd")
            assert answer.content == expected
            assert "miss" in answer.headers["Cache-Status"]
            assert second.metric('siftd_cache_errors_total{tier="redis",kind="corrupt"}') == 1
            assert breaker(second) == 0
        with serve("--cache", server.url) as third:
            assert "redis" in detect(third, image, format="siftd").headers["Cache-Status"]


def planned(service, *arguments):
    """The figures of a plan from what a service has measured, by their keys, and what is said of where they are from."""
    command = [service.binary, "plan", "--from", service.url, "--cache", "redis", "--format", "json", *arguments]
    plan = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    parts = [part for section in plan["sections"] for kind in ("figures", "tables") for part in section.get(kind, [])]
    return {part["key"]: part.get("value") for part in parts}, {part["key"]: part["source"] for part in parts}


def test_an_entry_and_connections_are_planned_as_they_are(serve):
    with redis() as server, serve("--cache", server.url) as service:
        for index in range(2):
            # A miss, and a hit.
            for cached in (False, True):
                assert detect(service, noise("the same", 300, 200 + index)).json()["cached"] is cached
        stored(server, 2)
        names = server.ask("KEYS", "*").split()
        values = [int(server.ask("STRLEN", name)) for name in names]
        # But for the one that asks.
        clients = server.ask("CLIENT", "LIST").splitlines()[:-1]
        figures, sources = planned(service, "--rate", "5000", "--hit-ratio", "0.5")
    said = re.search(r"in shared caches (\d+) under (\d+);", sources["footprint"])
    assert [int(number) for number in said.groups()] == [pytest.approx(sum(values) / 2, abs=1), len(names[0])]
    assert figures["instances"] > 1
    # Each cluster of 50 instances at most has shards of its own, to which those of the others do not connect.
    instances = figures["tier_instances"]
    shards = figures["shards"] / math.ceil(instances / 50)
    assert figures["shared_connections"] == instances * shards * len(clients)
