"""Python's requests and httpx: uploads, connections, simultaneous ones, answers."""

import asyncio
import hashlib
import http.client
import io
import json
import logging
import subprocess
import threading
from collections import Counter

import httpx
import numpy as np
import pytest
import requests

from conftest import PICTURES, noise

DETECT = "/api/v1/features/detect"
BATCH = "/api/v1/features/batch"


def pieces(content, size=10_000):
    """A body whose length is not known beforehand, which is sent chunked."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


def cache_result(answer):
    """hit, miss or coalesced."""
    status = answer.headers["cache-status"]
    return "hit" if "hit" in status else "coalesced" if "collapsed" in status else "miss"


def test_requests_sends_forms_and_streams_over_one_connection(service, picture, caplog):
    caplog.set_level(logging.DEBUG, "urllib3")
    content = picture.read_bytes()
    with requests.Session() as session:
        answers = [
            session.post(service.url + DETECT, files={"image": picture.open("rb")}),
            session.post(service.url + DETECT, files={"image": ("a.jpg", content, "image/jpeg")}, data={"a": "b"}),
            session.post(service.url + DETECT, data=picture.open("rb")),
            session.post(service.url + DETECT, data=pieces(content)),
        ]
    assert sum("new HTTP connection" in message for message in caplog.messages) == 1
    for answer in answers:
        answer.raise_for_status()
        assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_httpx_sends_forms_and_streams(service, picture, version):
    content = picture.read_bytes()
    http2 = version == "HTTP/2"
    with httpx.Client(base_url=service.url, http1=not http2, http2=http2, timeout=60) as client:
        answers = [
            client.post(DETECT, files={"image": content}),
            client.post(DETECT, content=content),
            client.post(DETECT, content=pieces(content)),
        ]
    for answer in answers:
        assert (answer.status_code, answer.http_version) == (200, version)
        assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()


def test_http2_carries_many_requests_at_once(service):
    images = [noise(f"http2 {index % 10}") for index in range(50)]

    async def send():
        async with httpx.AsyncClient(base_url=service.url, http1=False, http2=True, timeout=60) as client:
            return await asyncio.gather(*(client.post(DETECT, content=image) for image in images))

    answers = asyncio.run(send())
    assert [answer.status_code for answer in answers] == [200] * 50
    for image, answer in zip(images, answers, strict=True):
        assert answer.json()["sha256"] == hashlib.sha256(image).hexdigest()
    assert Counter(map(cache_result, answers))["miss"] == 10


def test_simultaneous_identical_uploads_are_computed_once(service):
    image = noise("simultaneous", 512, 512)
    threads, answers = 32, []
    together = threading.Barrier(threads)
    computed = service.metric('siftd_stage_duration_seconds_count{stage="detect"}')

    def upload():
        together.wait()
        answers.append(requests.post(service.url + DETECT, files={"image": image}, timeout=60))

    uploads = [threading.Thread(target=upload) for _ in range(threads)]
    for thread in uploads:
        thread.start()
    for thread in uploads:
        thread.join()
    assert Counter(answer.status_code for answer in answers) == {200: threads}
    assert Counter(map(cache_result, answers))["miss"] == 1
    assert len({answer.json()["keypoints"] for answer in answers}) == 1
    assert service.metric('siftd_stage_duration_seconds_count{stage="detect"}') == computed + 1


@pytest.mark.parametrize("descriptor", ["sift", "rootsift"])
@pytest.mark.parametrize("name", ["chelsea.jpg", "brick.png"])
def test_numpy_archives_are_those_of_the_command(service, binary, tmp_path, name, descriptor):
    path, archive = PICTURES / name, tmp_path / "features.npz"
    detect = [binary, "detect", path, "--format", "npz", "--descriptor", descriptor, "-o", archive]
    subprocess.run(detect, check=True, timeout=60)
    query = {"format": "npz", "descriptor": descriptor}
    answer = requests.post(service.url + DETECT, params=query, data=path.read_bytes(), timeout=60)
    assert answer.headers["content-type"] == "application/x-npz"
    served, written = np.load(io.BytesIO(answer.content)), np.load(archive)
    assert sorted(served) == ["descriptors", "image_size", "keypoints", "octaves", "responses"]
    assert len(served["descriptors"]) > 100
    for array in served:
        assert served[array].dtype == written[array].dtype
        np.testing.assert_array_equal(served[array], written[array], array)


def test_a_batch_is_answered_line_by_line(service):
    images = [noise(f"batch {index}") for index in range(19)] + [b"no image"]
    parts = [("image", (f"{index}.pgm", image)) for index, image in enumerate(images)]
    with requests.post(service.url + BATCH, files=parts, stream=True, timeout=60) as answer:
        answer.raise_for_status()
        assert answer.headers["content-type"] == "application/x-ndjson"
        lines = {line["index"]: line for line in map(json.loads, answer.iter_lines())}
    assert sorted(lines) == list(range(20))
    for index, image in enumerate(images[:-1]):
        assert (lines[index]["success"], lines[index]["file_name"]) == (True, f"{index}.pgm")
        assert lines[index]["sha256"] == hashlib.sha256(image).hexdigest()
        features = requests.get(service.url + lines[index]["location"], timeout=60)
        assert features.json()["keypoints"] == lines[index]["keypoints"]
    assert (lines[19]["success"], lines[19]["error_code"]) == (False, "INVALID_IMAGE")


def test_a_batch_answers_before_it_is_whole(service):
    head = b'--b\r\ncontent-disposition: form-data; name="image"\r\n\r\n'
    first, second = (head + noise(f"early {index}") + b"\r\n" for index in range(2))
    connection = http.client.HTTPConnection(service.address, timeout=60)
    connection.putrequest("POST", BATCH)
    connection.putheader("content-type", "multipart/form-data; boundary=b")
    connection.putheader("content-length", str(len(first + second) + len(b"--b--\r\n")))
    connection.endheaders(first + b"--b\r\n")
    answer = connection.getresponse()
    assert json.loads(answer.readline())["index"] == 0
    connection.send(second.removeprefix(b"--b\r\n") + b"--b--\r\n")
    assert [json.loads(line)["index"] for line in answer] == [1]
    connection.close()


def test_a_known_answer_is_not_sent_again(service, picture):
    upload = requests.post(service.url + DETECT, data=picture.read_bytes(), timeout=60)
    place = service.url + upload.headers["content-location"]
    first = requests.get(place, timeout=60)
    assert (first.status_code, first.json()["sha256"]) == (200, upload.json()["sha256"])
    assert first.headers["cache-control"].startswith("public, max-age=")
    for tags in [first.headers["etag"], upload.headers["etag"], '"other", ' + first.headers["etag"], "*"]:
        again = requests.get(place, headers={"If-None-Match": tags}, timeout=60)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    other = requests.get(place, params={"format": "npz"}, headers={"If-None-Match": first.headers["etag"]}, timeout=60)
    assert (other.status_code, other.headers["content-type"]) == (200, "application/x-npz")
    assert other.headers["etag"] != first.headers["etag"]


PROBLEMS = {
    "no image": ("POST", DETECT, {"data": b""}, 400, "BAD_REQUEST"),
    "no form": ("POST", BATCH, {"data": noise("problem")}, 400, "BAD_REQUEST"),
    "a form without an image": ("POST", BATCH, {"files": {"other": b"a"}}, 400, "BAD_REQUEST"),
    "an unknown parameter": ("POST", DETECT + "?sigmas=1", {"data": noise("problem")}, 400, "BAD_REQUEST"),
    "a parameter out of range": ("POST", DETECT + "?sigma=0", {"data": noise("problem")}, 400, "BAD_REQUEST"),
    "no picture": ("POST", DETECT, {"data": b"no image"}, 400, "INVALID_IMAGE"),
    "a cut picture": ("POST", DETECT, {"data": noise("problem")[:-1]}, 400, "INVALID_IMAGE"),
    "a GIF": ("POST", DETECT, {"data": b"GIF89a\1\0\1\0"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "an unknown coding": (
        "POST", DETECT, {"data": b"a", "headers": {"Content-Encoding": "br"}}, 415, "UNSUPPORTED_MEDIA_TYPE",
    ),
    "too many bytes": ("POST", DETECT, {"data": bytes(10_000_001)}, 413, "IMAGE_TOO_LARGE"),
    "too many pixels": ("POST", DETECT, {"data": b"P5 50000 1001 255\n"}, 413, "IMAGE_TOO_LARGE"),
    "an unknown image": ("GET", "/api/v1/features/" + "0" * 64, {}, 404, "NOT_FOUND"),
    "an unknown path": ("GET", "/nowhere", {}, 404, "NOT_FOUND"),
    "another method": ("DELETE", DETECT, {}, 405, "METHOD_NOT_ALLOWED"),
    "no such format": (
        "POST", DETECT, {"data": noise("problem"), "headers": {"Accept": "text/html"}}, 406, "NOT_ACCEPTABLE",
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_errors_are_problem_documents(service, problem):
    method, path, request, status, code = PROBLEMS[problem]
    answer = requests.request(method, service.url + path, timeout=60, **request)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    document = answer.json()
    assert (document["status"], document["success"], document["error_code"]) == (status, False, code)
    assert document["type"] == f"urn:siftd:problem:{code}"
    assert document["request_id"] == answer.headers["x-request-id"]
    assert document["title"] and document["detail"] and document["message"] == document["detail"]


def test_keys_and_rates_are_held_to(serve):
    key = "a key"
    digest = hashlib.sha256(key.encode()).hexdigest()
    with serve("--api-key-hash", digest, "--rate-limit", "0.01", "--rate-burst", "2") as service:
        def ask(**headers):
            return requests.post(service.url + DETECT, data=noise("key"), headers=headers, timeout=60)

        assert ask().headers["www-authenticate"] == "Bearer"
        assert ask(**{"X-API-Key": "another"}).status_code == 403
        assert ask().status_code == 429, "who guesses keys is held to a rate, by address"
        assert ask(**{"X-API-Key": key}).status_code == 200
        assert ask(Authorization=f"Bearer {key}").status_code == 200
        refused = ask(**{"X-API-Key": key})
        assert (refused.status_code, refused.json()["error_code"]) == (429, "RATE_LIMITED")
        assert int(refused.headers["retry-after"]) > 0
        assert requests.get(service.url + "/health", timeout=60).status_code == 200
