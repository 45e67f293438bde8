"""What an instance says that it carries."""

import pytest
import requests

from conftest import noise
from siftd_service import until


def carries_of(service):
    return requests.get(f"{service.url}/api/v1/capacity", timeout=60).json()["carries"]


def logged(service):
    return [line for line in service.log if line["message"] == "capacity"]


def test_what_an_instance_carries_is_logged_and_told(serve):
    with serve("--threads", "1") as service:
        assert carries_of(service) is None
        for index in range(8):
            for _ in ("miss", "hit"):
                answer = requests.post(f"{service.url}/api/v1/features/detect", data=noise(index, 256, 256), timeout=60)
                assert answer.status_code == 200

        # It is reckoned once a minute, and logged just before it is told.
        until(lambda: logged(service), patience=120)
        until(lambda: carries_of(service))
        carries, line = carries_of(service), logged(service)[0]
    at_hit_ratios = {at["hit_ratio"]: at["requests_per_second"] for at in carries.pop("at_hit_ratios")}
    assert {name: line[name] for name in carries} == carries
    assert carries["hit_ratio"] == 0.5

    # One thread does a request after another: times add up, rates do not. Times are told to a microsecond.
    def bound(hit_ratio):
        return 1e3 / (carries["request_ms"] + (1 - hit_ratio) * carries["compute_ms"])

    assert carries["requests_per_second_by_processors"] == pytest.approx(bound(0.5), rel=0.01)
    assert at_hit_ratios == {ratio: pytest.approx(bound(ratio), rel=0.01) for ratio in (0.8, 0.5, 0.2)}
    assert 0 < carries["requests_per_second_within_a_second"] < carries["requests_per_second_by_processors"]
