"""wrk, run and read; load.lua is what it sends and reports."""

import json
import signal
import subprocess
import time
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
# Longer than a miss may wait, so that none is counted as lost.
TIMEOUT = "60s"
THREADS = 2


class Request:
    """What to send: `body` is a file, `others` says that each is to be another picture."""

    def __init__(self, method, path, body="", content_type="", others=False):
        self.method, self.path, self.body, self.content_type, self.others = method, path, body, content_type, others


class Load:
    """A running wrk. `pause` is how many milliseconds clients that were refused stay away; None: as they are told."""

    def __init__(self, server, request, connections, seconds, pause=None):
        # Clients of misses are elsewhere in earnest: here they must not take the processor from the threads that compute.
        command = ["nice", "--adjustment", 19] if request.others else []
        command += ["wrk", "--threads", THREADS, "--connections", max(connections, THREADS), "--duration", f"{seconds}s"]
        command += ["--timeout", TIMEOUT, "--script", SCRIPT, f"http://{server.address}{request.path}", "--"]
        command += [request.method, request.content_type, request.body]
        if request.others:
            command.append(f"{time.monotonic_ns() // 1000 % 10**8:08d}")
            command += [] if pause is None else [pause]
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)

    def report(self):
        """Waits for the end. Requests, seconds, rate, percentiles of latency in us, statuses, lost requests."""
        printed, _ = self.process.communicate()
        if self.process.returncode != 0:
            raise SystemExit("wrk failed")
        report = json.loads(printed.splitlines()[-1])
        errors = report.pop("errors")
        report["refused"] = errors.pop("status")
        report["lost"] = sum(errors.values())
        report["rate"] = report["requests"] / report["seconds"]
        return report

    def stop(self):
        """Ends it early, and reports."""
        self.process.send_signal(signal.SIGINT)
        return self.report()


def hits(server, request, connections, seconds):
    """A report with the server's CPU time for each request, in us; all must be answered with what was asked for."""
    before = server.cpu_seconds()
    report = Load(server, request, connections, seconds).report()
    if report["refused"] or report["lost"] or not report["requests"]:
        raise SystemExit(f"{request.method} {request.path}: not all were answered: {report}")
    report["cpu_us"] = (server.cpu_seconds() - before) * 1e6 / report["requests"]
    return report
