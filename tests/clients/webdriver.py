"""Chromium without a screen, through chromedriver's own HTTP (W3C WebDriver)."""

import base64
import json
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager

import requests

from siftd_service import PATIENCE

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """A window of a browser."""

    def __init__(self, url, width, height):
        options = {
            # Chromium refuses to run as root within its sandbox; no name but this host's has an address.
            "args": [
                "--headless", "--no-sandbox", "--disable-dev-shm-usage", f"--window-size={width},{height}",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        }
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }
        session = self.call("POST", f"{url}/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"{url}/session/{session['sessionId']}"

    @staticmethod
    def call(method, url, body=None):
        answer = requests.request(method, url, json=body, timeout=PATIENCE)
        value = answer.json()["value"]
        if not answer.ok:
            raise RuntimeError(value["message"])
        return value

    def post(self, path, **body):
        return self.call("POST", f"{self.session}/{path}", body)

    def open(self, url):
        self.post("url", url=url)

    def run(self, script, *arguments):
        """What a script returns."""
        return self.post("execute/sync", script=script, args=arguments)

    def until(self, script):
        """Waits for a script to return something true, and returns it."""
        end = time.monotonic() + PATIENCE
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise TimeoutError(script)
            time.sleep(0.05)
        return value

    def type(self, selector, text):
        """Types into a field; into that of a file, its path."""
        element = self.post("element", using="css selector", value=selector)[ELEMENT]
        self.post(f"element/{element}/value", text=str(text))

    def screenshot(self, path):
        """The whole page."""
        width, height = self.run("return [innerWidth, document.documentElement.scrollHeight]")
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.post("goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=screen)
        path.write_bytes(base64.b64decode(self.call("GET", f"{self.session}/screenshot")))

    def requested(self):
        """The addresses asked for since the last time."""
        events = (json.loads(entry["message"])["message"] for entry in self.post("se/log", type="performance"))
        sent = (event["params"] for event in events if event["method"] == "Network.requestWillBeSent")
        return [request["request"]["url"] for request in sent]

    def complaints(self):
        """Errors that the browser told of since the last time: of scripts, of policies, of what is missing."""
        return [entry["message"] for entry in self.post("se/log", type="browser") if entry["level"] == "SEVERE"]

    def close(self):
        self.call("DELETE", self.session)


@contextmanager
def browsing(width=1000, height=800):
    """A browser for as long as the block lasts."""
    # What Chromium leaves behind goes with the folder; its last processes may still write to it.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "TMPDIR": folder}
        driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True, env=environment)
        try:
            said = next(line for line in driver.stdout if "started successfully on port" in line)
            port = said.rstrip(".\n").rsplit(" ", 1)[1]
            browser = Browser(f"http://127.0.0.1:{port}", width, height)
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()
            driver.wait(PATIENCE)
