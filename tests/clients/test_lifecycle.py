"""Signals, ends and restarts."""

import os
import signal
import socket
import subprocess
import threading

import requests

from conftest import noise
from siftd_service import Service, until

DETECT = "/api/v1/features/detect"


def uploading(service, images, **query):
    """Uploads that have begun, and the list that their answers come into."""
    answers = []

    def upload(image):
        answers.append(requests.post(service.url + DETECT, params=query, data=image, timeout=60))

    threads = [threading.Thread(target=upload, args=(image,)) for image in images]
    for thread in threads:
        thread.start()
    return threads, answers


def connects(service):
    host, port = service.address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True


def test_what_is_in_flight_is_finished(serve):
    images = [noise(f"in flight {index}", 800, 600) for index in range(6)]
    with serve("--threads", "2", "--drain-delay", "1") as service:
        threads, answers = uploading(service, images)
        # Those and the request that asks.
        until(lambda: service.metric("siftd_requests_in_flight") > len(images))
        assert service.health() == 0
        service.send(signal.SIGTERM)
        until(lambda: any(line["message"] == "draining" for line in service.log))
        assert service.get("/health/ready")[0] == 503
        assert service.get("/health/live")[0] == 200
        assert service.health() == 1
        for thread in threads:
            thread.join()
        assert [answer.status_code for answer in answers] == [200] * len(images)
        assert service.wait() == 0
        assert not connects(service)
        assert service.health() == 1
    assert (service.log[-1]["message"], service.log[-1]["finished"]) == ("stopped", True)


def test_there_are_as_many_compute_threads_as_processors_unless_it_is_told_otherwise(binary):
    one = ("taskset", "--cpu-list", str(min(os.sched_getaffinity(0))))
    for flags, threads in [((), 1), (("--threads", "3"), 3)]:
        with Service(binary, *flags, before=one) as service:
            assert service.metric("siftd_compute_threads") == threads


def test_an_idle_connection_does_not_keep_it_from_its_end(serve):
    with serve("--drain-timeout", "30") as service, requests.Session() as session:
        assert session.get(service.url + "/health", timeout=60).status_code == 200
        service.send(signal.SIGTERM)
        assert service.wait() == 0
    assert service.log[-1]["finished"]


def test_a_hangup_changes_nothing(serve):
    with serve() as service:
        service.send(signal.SIGHUP)
        until(lambda: service.errors)
        assert "restart" in service.errors[0]
        assert service.health() == 0
        assert service.stop() == 0


def test_a_second_signal_ends_it_at_once(serve):
    with serve("--drain-delay", "600") as service:
        service.send(signal.SIGTERM)
        until(lambda: any(line["message"] == "draining" for line in service.log))
        service.send(signal.SIGTERM)
        assert service.wait() == 1


def test_health_is_asked_where_it_is_answered(serve):
    with serve("--admin-listen", "127.0.0.1:0") as service:
        address = service.log[0]["admin_address"]
        assert service.health("--admin-listen", address) == 0
        assert requests.get(f"http://{address}{DETECT}", timeout=60).status_code == 404
        assert service.health("--timeout", "none") == 2


def test_health_reads_the_settings_of_the_service(serve, tmp_path):
    settings = tmp_path / "siftd.toml"
    with serve() as service:
        # Port 9 is reserved for what discards.
        settings.write_text(f'listen = "127.0.0.1:9"\nadmin_listen = "{service.address}"\n')
        run = [service.binary, "health", "--config", str(settings)]
        assert subprocess.run(run, timeout=60, check=False).returncode == 0
        environment = os.environ | {"SIFTD_CONFIG": str(settings), "SIFTD_LISTEN": ""}
        assert subprocess.run(run[:2], env=environment, timeout=60, check=False).returncode == 0
    settings.write_text("listen = 8000\n")
    ran = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 2
    assert "listen is 8000, but must be an address and a port" in ran.stderr


def test_a_cache_on_the_disk_outlives_a_kill(serve, tmp_path):
    images = [noise(f"kill {index}") for index in range(100)]
    cache = ["--cache", f"disk://{tmp_path}/cache"]
    with serve(*cache) as service, requests.Session() as session:
        for image in images:
            assert session.post(service.url + DETECT, data=image, timeout=60).status_code == 200
        until(lambda: service.metric('siftd_cache_entries{tier="disk"}') == len(images))
        service.send(signal.SIGKILL)
        assert service.wait() == -signal.SIGKILL
    with serve(*cache) as service, requests.Session() as session:
        answers = [session.post(service.url + DETECT, data=image, timeout=60) for image in images]
    hits = [answer for answer in answers if "detail=disk" in answer.headers["cache-status"]]
    assert len(hits) == len(images)


def test_why_a_cache_on_the_disk_fails_is_told(serve, tmp_path):
    image = noise("spoilt")
    cache = ["--cache", f"disk://{tmp_path}/cache"]
    with serve(*cache) as service:
        first = requests.post(service.url + DETECT, data=image, params={"format": "json"}, timeout=60)
        until(lambda: service.metric('siftd_cache_entries{tier="disk"}') == 1)
        service.send(signal.SIGTERM)
        assert service.wait() == 0
    [entry] = [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size > 1000]
    with entry.open("r+b") as file:
        file.seek(900)
        file.write(b"spoilt")
    with serve(*cache) as service:
        again = requests.post(service.url + DETECT, data=image, params={"format": "json"}, timeout=60)
        assert again.json() == first.json()
        told = f"siftd: the cache in {tmp_path}/cache fails: corrupt entry: the features of image {first.json()['sha256']}"
        until(lambda: any(line.startswith(told) for line in service.errors))
        assert service.metric('siftd_cache_errors_total{tier="disk",kind="corrupt"}') == 1
