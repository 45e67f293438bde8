"""The service against its own contract, /openapi.json, by schemathesis."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from contract_hooks import IMAGES

HERE = Path(__file__).parent
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


def test_what_is_answered_is_what_the_contract_says(service, tmp_path):
    for image in IMAGES:
        requests.post(f"{service.url}/api/v1/features/detect", data=image, timeout=60).raise_for_status()
    command = [SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", f"{service.url}/openapi.json"]
    command += ["--no-color", "--seed", "1", "--max-examples", "50", "--generation-database", "none"]
    environment = {**os.environ, "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "contract_hooks"}
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, timeout=180, text=True, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", ["/openapi.json", "/docs/", "/", "/page.js", "/page.css"])
def test_pages_are_there(service, path):
    answer = requests.get(service.url + path, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
