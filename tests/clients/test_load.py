"""`siftd load` against a real service: what it measures, and its page in Chromium."""

import json
import subprocess

import pytest

from conftest import PICTURES
from siftd_service import PATIENCE
from webdriver import browsing


@pytest.fixture
def load(binary, service):
    """Runs `siftd load` against the shared service; the exit code, its report and its standard error."""

    def run(*arguments):
        command = [binary, "load", "--url", service.url, "--images", str(PICTURES), "--json", "-", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return ran.returncode, json.loads(ran.stdout or "null"), ran.stderr

    return run


@pytest.mark.parametrize("via", ["multipart", "raw", "get"])
def test_hits_are_hits_and_misses_are_computed(load, service, via):
    computed = 'siftd_stage_duration_seconds_count{stage="detect"}'
    before = service.metric(computed)
    code, report, _ = load(
        "--rate", "15", "--arrivals", "constant", "--hit-ratio", "0.6", "--duration", "2s", "--warm-up", "0", "--via", via
    )
    counts = report["counts"]
    assert (code, counts["sent"], counts["answered"]) == (0, 30, 30)
    # With this seed, what is drawn is always the same.
    assert counts["hit"] + counts["miss"] == 30 and 8 <= counts["miss"] <= 16
    pictures_at_most = 6
    assert counts["miss"] <= service.metric(computed) - before <= counts["miss"] + pictures_at_most


def test_refusals_are_no_failures(serve, binary):
    with serve("--threads", "1", "--queue-capacity", "1") as service:
        command = [binary, "load", "--url", service.url, "--images", str(PICTURES), "--json", "-", "--hit-ratio", "0"]
        command += ["--concurrency", "8", "--duration", "2s", "--warm-up", "0", "--on-refusal", "at-once"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    counts = json.loads(ran.stdout)["counts"]
    assert ran.returncode == 0 and counts["failed"] == 0
    assert counts["refused"] > 0 and counts["miss"] > 0


def test_the_page_opens_without_a_network(load, tmp_path, request):
    page = tmp_path / "report.html"
    code, report, _ = load(
        "--find-max", "--p99", "2s", "--rate", "40", "--resolution", "1", "--hit-ratio", "0.9", "--duration", "1500ms",
        "--warm-up", "0", "--report", str(page),
    )
    assert code == 0 and report["search"]["rate"] > 0
    with browsing() as browser:
        browser.open(page.as_uri())
        titles = browser.run("return [...document.querySelectorAll('svg')].map(svg => svg.getAttribute('aria-label'))")
        assert len(titles) == 4 and "p99 of the rates that were tried" in titles
        for line in browser.run("return [...document.querySelectorAll('path.line')].map(p => p.getAttribute('d'))"):
            assert "NaN" not in line
        assert json.loads(browser.run("return document.querySelector('#report').textContent")) == report
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
        assert [url for url in browser.requested() if not url.startswith(("file:", "data:", "chrome:"))] == []
        assert browser.complaints() == []
        if folder := request.config.getoption("--screenshots"):
            browser.screenshot(tmp_path.__class__(folder) / "load.png")
