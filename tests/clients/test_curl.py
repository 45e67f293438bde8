"""curl: each way that it sends a file."""

import gzip
import hashlib
import json
import subprocess
import zlib
from dataclasses import dataclass

import pytest


@dataclass
class Answer:
    status: int
    version: str
    headers: dict
    body: bytes
    sent: int
    seconds: float


def curl(*arguments, stdin=b""):
    command = ["curl", "--silent", "--show-error", "--max-time", "60", *arguments]
    command += ["--write-out", "%{stderr}%{json}\n%{header_json}"]
    ran = subprocess.run(command, input=stdin, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    told, headers = ran.stderr.decode().split("\n", 1)
    told, headers = json.loads(told), json.loads(headers)
    headers = {name: values[-1] for name, values in headers.items()}
    status, version = told["response_code"], told["http_version"]
    return Answer(status, version, headers, ran.stdout, told["size_upload"], told["time_total"])


FORM = ["-F", "image=@{file}"]
BODY = ["--data-binary", "@{file}"]
# Name: arguments, the version of HTTP that is spoken.
WAYS = {
    "form": (FORM, "1.1"),
    "form, type and file name": (["-F", "image=@{file};type=image/jpeg;filename=ä b.jpg"], "1.1"),
    "form, other fields": (["-F", "comment=first", *FORM, "-F", "more=@{file}"], "1.1"),
    "body": (BODY, "1.1"),
    "body, its media type": ([*BODY, "-H", "Content-Type: image/jpeg"], "1.1"),
    "file": (["-X", "POST", "-T", "{file}"], "1.1"),
    "standard input": (["-X", "POST", "-T", "-"], "1.1"),
    "chunked form": ([*FORM, "-H", "Transfer-Encoding: chunked"], "1.1"),
    "chunked body": ([*BODY, "-H", "Transfer-Encoding: chunked"], "1.1"),
    "HTTP/1.0": ([*BODY, "--http1.0"], "1"),
    "HTTP/2, form": ([*FORM, "--http2-prior-knowledge"], "2"),
    "HTTP/2, body": ([*BODY, "--http2-prior-knowledge"], "2"),
    "HTTP/2, standard input": (["-X", "POST", "-T", "-", "--http2-prior-knowledge"], "2"),
    "offers HTTP/2": ([*BODY, "--http2"], "1.1"),
    "gzip": (["--data-binary", "@{gzip}", "-H", "Content-Encoding: gzip"], "1.1"),
    "HTTP/2, gzip": (
        ["-X", "POST", "-T", "{gzip}", "-H", "Content-Encoding: gzip", "--http2-prior-knowledge"],
        "2",
    ),
    "deflate": (["--data-binary", "@{deflate}", "-H", "Content-Encoding: deflate"], "1.1"),
    "accepts compression": ([*FORM, "--compressed"], "1.1"),
}


@pytest.fixture(scope="module")
def files(picture, tmp_path_factory):
    folder = tmp_path_factory.mktemp("curl")
    content = picture.read_bytes()
    (folder / "gzip").write_bytes(gzip.compress(content))
    (folder / "deflate").write_bytes(zlib.compress(content))
    return {"file": picture, "gzip": folder / "gzip", "deflate": folder / "deflate"}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_arrives_whole(service, picture, files, way):
    arguments, version = WAYS[way]
    url = f"{service.url}/api/v1/features/detect"
    answer = curl(*(argument.format(**files) for argument in arguments), url, stdin=picture.read_bytes())
    assert (answer.status, answer.version) == (200, version), answer
    summary = json.loads(answer.body)
    assert summary["sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
    assert summary["keypoints"] > 100


@pytest.mark.parametrize("arguments", [FORM, BODY], ids=["form", "body"])
def test_the_body_is_asked_for(service, files, arguments):
    arguments = [argument.format(**files) for argument in arguments]
    expect = ["-H", "Expect: 100-continue", "--expect100-timeout", "30"]
    answer = curl(*arguments, *expect, f"{service.url}/api/v1/features/detect")
    assert answer.status == 200
    assert answer.seconds < 20, "curl gave up waiting for 100 Continue"


def test_a_body_that_is_refused_is_not_asked_for(service, files):
    expect = ["-H", "Expect: 100-continue", "--expect100-timeout", "30", "--data-binary", f"@{files['file']}"]
    answer = curl(*expect, f"{service.url}/api/v1/features/detect?sigma=0")
    assert (answer.status, answer.sent) == (400, 0)
    assert answer.seconds < 20


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_head_has_the_headers_of_get(service, picture, version):
    found = curl(version, "--data-binary", f"@{picture}", f"{service.url}/api/v1/features/detect")
    place = service.url + found.headers["content-location"]
    got, head = curl(version, place), curl(version, "--head", place)
    assert (got.status, head.status, len(got.body)) == (200, 200, int(head.headers["content-length"]))
    varying = {"date", "x-request-id", "server-timing", "cache-status", "cache-control"}
    assert {k: v for k, v in got.headers.items() if k not in varying} == {
        k: v for k, v in head.headers.items() if k not in varying
    }


def test_several_answers_come_over_one_connection(service, picture):
    place = f"{service.url}/api/v1/features/detect"
    command = ["curl", "--silent", "--show-error", "--fail", "--write-out", "%{stderr}%{num_connects} "]
    command += ["--data-binary", f"@{picture}", place, place, place]
    ran = subprocess.run(command, capture_output=True, check=True)
    assert ran.stderr.split() == [b"1", b"0", b"0"]
