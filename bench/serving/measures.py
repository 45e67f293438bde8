"""The four parts of the measurement. Each starts its own servers and returns rows."""

import collections
import hashlib
import json
import statistics
import subprocess
import time

import pictures
from load import Load, Request, hits
from servers import Bare, Siftd

DETECT = "/api/v1/features/detect"
UPLOADS = 16
GETS = 64
PICTURE_BYTES = 197_000
# hyper sets these by itself.
OWN_HEADERS = ("connection", "content-length", "date", "transfer-encoding")


class Setup:
    """What all parts share: the binaries, a folder for bodies, how long and how often to measure."""

    def __init__(self, siftd, bare, scratch, arguments):
        self.siftd, self.bare, self.scratch = siftd, bare, scratch
        self.seconds, self.rounds, self.queue = arguments.seconds, arguments.rounds, arguments.queue_capacity

    def upload(self, name, picture, path=DETECT, others=False):
        """A POST of the picture."""
        file = self.scratch / name
        file.write_bytes(pictures.multipart(picture))
        return Request("POST", path, file, pictures.MULTIPART, others)


def known_picture(setup, siftd):
    """Uploads a picture until it is a hit; its upload and its GET."""
    picture = pictures.jpeg("astronaut.jpg", PICTURE_BYTES)
    upload = setup.upload("known", picture)
    for _ in range(2):
        status, _, body = siftd.ask("POST", DETECT, upload.body.read_bytes(), pictures.MULTIPART)
        if status != 200:
            raise SystemExit(f"the upload was answered with {status}: {body.decode(errors='replace')}")
    if not json.loads(body)["cached"]:
        raise SystemExit("the second upload of a picture was no hit")
    return upload, Request("GET", f"/api/v1/features/{hashlib.sha256(picture).hexdigest()}")


def save_answer(setup, siftd, get):
    """Keeps siftd's answer as the bare server reads it."""
    status, headers, body = siftd.ask(get.method, get.path)
    if status != 200:
        raise SystemExit(f"GET by hash was answered with {status}")
    lines = [f"{name}: {value}\r\n" for name, value in headers if name.lower() not in OWN_HEADERS]
    file = setup.scratch / "answer"
    file.write_bytes("".join(lines).encode("latin-1") + b"\r\n" + body)
    return file


def medians(reports):
    """The median of each figure, and the rates they came from."""
    row = {field: statistics.median(report[field] for report in reports) for field in ("rate", "p50", "p99", "cpu_us")}
    return row | {"rates": [report["rate"] for report in reports]}


def measure_hits(setup):
    """Hits of siftd and the same of the bare server, in turn."""
    with Siftd(setup.siftd, setup.queue) as siftd:
        upload, get = known_picture(setup, siftd)
        answer = save_answer(setup, siftd, get)
        with Bare(setup.bare, answer) as bare:
            if bare.ask("GET", "/answer")[2] != siftd.ask("GET", get.path)[2]:
                raise SystemExit("the two answer different bytes to GET")
            same = {path: Request("POST", path, upload.body, upload.content_type) for path in ("/hash", "/collect")}
            cases = [
                ("upload", "siftd", siftd, upload, UPLOADS),
                ("upload", "bare", bare, same["/hash"], UPLOADS),
                ("upload", "bare, no hash", bare, same["/collect"], UPLOADS),
                ("GET", "siftd", siftd, get, GETS),
                ("GET", "bare", bare, Request("GET", "/answer"), GETS),
            ]
            reports = [[] for _ in cases]
            for _, _, *case in cases:
                hits(*case, 1)
            for number in range(setup.rounds):
                for index in in_turn(len(cases), number):
                    reports[index].append(hits(*cases[index][2:], setup.seconds))
    return [
        {"what": what, "server": name, "connections": connections} | medians(of_case)
        for (what, name, _, _, connections), of_case in zip(cases, reports)
    ]


def measure_beside(setup):
    """Hits of siftd while it has nothing else to do, and while its threads are busy and its queue is full."""
    with Siftd(setup.siftd, setup.queue) as siftd:
        upload, get = known_picture(setup, siftd)
        misses = setup.upload("misses", pictures.jpeg("coffee.jpg"), others=True)
        clients = setup.queue + siftd.compute()[2] + 8
        reports = {(what, state): [] for what in ("upload", "GET") for state in ("idle", "busy")}
        queued, computed, refused = [], [], []

        def measure(state):
            for what, request, connections in (("upload", upload, UPLOADS), ("GET", get, GETS)):
                reports[what, state].append(hits(siftd, request, connections, setup.seconds))
                queued.extend([siftd.compute()[0]] if state == "busy" else [])

        for request, connections in ((upload, UPLOADS), (get, GETS)):
            hits(siftd, request, connections, 1)
        for _ in range(setup.rounds):
            measure("idle")
            background = Load(siftd, misses, clients, 3600)
            siftd.wait_until_full()
            measure("busy")
            report = background.stop()
            computed.append(report["statuses"].get("200", 0) / report["seconds"])
            refused.append(report["statuses"].get("503", 0) / report["seconds"])
            siftd.wait_until_idle()
    rows = [{"what": what, "state": state} | medians(of_case) for (what, state), of_case in reports.items()]
    return {
        "clients_of_misses": clients,
        "least_queued": min(queued),
        "misses_per_second": statistics.median(computed),
        "refused_per_second": statistics.median(refused),
        "rows": rows,
    }


def measure_overload(setup, factors):
    """Misses answered each second, by how many clients send them: 1 is as many as there are threads and places in the
    queue. Refused clients come back when they are told to; the last row's come back at once. All in turn, as a machine that
    is shared is not as fast at one time as at another."""
    with Siftd(setup.siftd, setup.queue) as siftd:
        picture = pictures.jpeg("coffee.jpg")
        misses = setup.upload("misses", picture, others=True)
        places = setup.queue + siftd.compute()[2]
        seconds = 2 * setup.seconds
        cases = [(factor, None) for factor in factors] + [(factors[-1], 0)]
        rounds = [[] for _ in range(len(cases) + 1)]

        def closed(factor, pause):
            report = Load(siftd, misses, factor * places, seconds, pause).report()
            return {
                "factor": factor,
                "clients": factor * places,
                "at_once": pause == 0,
                "goodput": report["statuses"].get("200", 0) / report["seconds"],
                "statuses": report["statuses"],
                "lost": report["lost"],
            }

        offered = None
        for number in range(setup.rounds):
            for index in in_turn(len(rounds), number):
                if index < len(cases):
                    row = closed(*cases[index])
                else:
                    # The same in all rounds: ten times what the first one found.
                    offered = offered or factors[-1] * max(row[0]["goodput"] for row in rounds if row)
                    row = open_loop(setup, siftd, picture, factors[-1], offered, seconds)
                rounds[index].append(row | {"peak_mb": siftd.status("VmHWM") / 1e6})
                siftd.wait_until_idle()
    return [together(rows) for rows in rounds]


def in_turn(count, number):
    """Every other round backwards, so that none always follows the same."""
    return range(count) if number % 2 == 0 else reversed(range(count))


def together(rows):
    """What several rounds of the same came to: medians of rates, sums of counts, the highest peak."""
    row = dict(rows[0])
    for field in ("goodput", "offered", "generator_cpus"):
        if field in row:
            row[field] = statistics.median(row[field] for row in rows)
    statuses = collections.Counter()
    for one in rows:
        statuses.update(one["statuses"])
    return row | {
        "goodputs": [row["goodput"] for row in rows],
        "statuses": dict(statuses),
        "lost": sum(row["lost"] for row in rows),
        "peak_mb": max(row["peak_mb"] for row in rows),
    }


def open_loop(setup, siftd, picture, factor, rate, seconds):
    """So many requests a second, whatever becomes of them; `siftd load` sends them."""
    folder = setup.scratch / "open"
    folder.mkdir(exist_ok=True)
    (folder / "coffee.jpg").write_bytes(picture)
    report = folder / "report.json"
    command = [
        setup.siftd, "load", "--url", f"http://{siftd.address}", "--images", folder, "--rate", str(rate),
        "--hit-ratio", "0", "--duration", f"{seconds}s", "--warm-up", "4s", "--json", report,
    ]
    # Not at the lowest priority, as the other clients: it would come too late, and offer less.
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    report = json.loads(report.read_text())
    counts = report["counts"]
    return {
        "factor": factor,
        "clients": None,
        "at_once": None,
        "offered": report["rates"]["sent"],
        "goodput": report["rates"]["answered"],
        "statuses": {"200": counts["answered"], "503": counts["refused"]},
        "lost": counts["failed"] + counts["unfinished"],
        "generator_cpus": report["generator"]["cpu_seconds"] / report["measured_seconds"],
    }


def measure_memory(setup):
    """Resident memory before any request, and after pictures of 10 MB, each another."""
    with Siftd(setup.siftd, setup.queue) as siftd:
        large = setup.upload("large", pictures.pnm(1825, 1824), others=True)
        time.sleep(1)
        at_rest = siftd.status("VmRSS") / 1e6
        report = Load(siftd, large, 8, 2 * setup.seconds).report()
        siftd.wait_until_idle()
        time.sleep(1)
        return {
            "at_rest_mb": at_rest,
            "after_mb": siftd.status("VmRSS") / 1e6,
            "peak_mb": siftd.status("VmHWM") / 1e6,
            "statuses": report["statuses"],
        }
