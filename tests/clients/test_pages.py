"""The pages in Chromium."""

from pathlib import Path

import pytest

from siftd_service import until
from webdriver import browsing

OPERATIONS = [
    "/api/v1/capacity",
    "/api/v1/features/detect", "/api/v1/features/{sha256}", "/api/v1/features/batch",
    "/health", "/health/live", "/health/ready", "/metrics",
]


@pytest.fixture(params=["wide", "narrow"])
def browser(request):
    with browsing(*{"wide": (1000, 800), "narrow": (500, 800)}[request.param]) as running:
        running.name = request.param
        yield running


@pytest.fixture
def picture_of(request, browser):
    """Keeps how the page looks, if pictures are wanted."""
    folder = request.config.getoption("--screenshots")

    def take(name):
        if folder:
            browser.screenshot(Path(folder) / f"{name}-{browser.name}.png")

    return take


def assert_sound(browser, service):
    """Nothing was asked of another host, and nothing went wrong."""
    strange = [url for url in browser.requested() if not url.startswith((service.url, "data:", "blob:", "chrome:"))]
    assert strange == []
    assert browser.complaints() == []


def test_the_contract_can_be_browsed(service, browser, picture_of):
    browser.open(f"{service.url}/docs/")
    browser.until("return document.querySelectorAll('.opblock').length > 0")
    paths = browser.run("return [...document.querySelectorAll('.opblock-summary-path')].map(e => e.dataset.path)")
    assert sorted(paths) == sorted(OPERATIONS)
    assert_sound(browser, service)
    picture_of("docs")
    browser.run("document.querySelector('[data-path=\"/api/v1/features/detect\"]').click()")
    browser.until("return document.querySelector('.opblock.is-open .parameters')")
    picture_of("docs-detect")


def test_a_picture_is_uploaded_and_shown(service, browser, picture, picture_of):
    browser.open(service.url)
    picture_of("page")
    browser.type("#file", picture)
    browser.until("return !document.querySelector('#canvas').hidden")
    facts = dict(browser.run(
        "return [...document.querySelectorAll('#facts tr')].map(row => [...row.cells].map(cell => cell.innerText))"
    ))
    assert facts["Size"] == "451 × 300 px"
    assert int(facts["Keypoints"]) > 100
    links = browser.run("return [...document.querySelectorAll('#downloads a')].map(a => a.href)")
    assert len(links) == 4
    picture_of("page-picture")
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert_sound(browser, service)


def test_a_file_that_is_no_picture_is_told(service, browser, tmp_path, picture_of):
    (tmp_path / "text.jpg").write_text("no picture")
    browser.open(service.url)
    browser.type("#file", tmp_path / "text.jpg")
    said = browser.until("const s = document.querySelector('#status'); return s.className === 'error' && s.innerText")
    assert "not an image" in said
    picture_of("page-error")


def test_a_key_is_asked_for_and_sent(serve, browser, picture, picture_of):
    # printf %s secret | sha256sum
    digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
    with serve("--api-key-hash", digest) as service:
        browser.open(service.url)
        browser.type("#file", picture)
        browser.until("return document.querySelector('#status').className === 'error'")
        picture_of("page-key")
        browser.type("#key", "secret\ue007")  # and the enter key
        browser.until("return !document.querySelector('#canvas').hidden")
        # The page has fetched the features that it draws, and fetches those that are to be saved.
        browser.run("document.querySelectorAll('#downloads a')[1].click()")
        until(lambda: service.metric('siftd_requests_total{route="get",status="200"}') == 2)
