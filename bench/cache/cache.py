#!/usr/bin/env python3
"""The decision matrix of caches, measured with servers of its own, and what survives that all of them are killed. See README.md."""

import argparse
import datetime
import os
import pathlib
import subprocess
import sys
import tempfile
from contextlib import ExitStack

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("", "faults")]

from backends import BACKENDS  # noqa: E402
from machine import ROOT, output  # noqa: E402
from servers import missing, until  # noqa: E402

RECORDS = ROOT / "bench" / "records"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--siftd", type=pathlib.Path, help="the binary; without it, it is built")
    parser.add_argument("--folder", type=pathlib.Path, help="where the disk's files are; a temporary folder if left out")
    parser.add_argument("--window", default="1s", help="how long each operation is done (%(default)s)")
    parser.add_argument("--bytes", default="64MiB", help="bytes of the values of each size (%(default)s)")
    parser.add_argument("--marks", type=int, default=2000, help="entries written before the servers are killed (%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=RECORDS, help="folder of the record")
    return parser.parse_args()


def built():
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "siftd"


def kill_all(command, backends, marks):
    """Has siftd write marks, then kills it and all servers at once, and starts these again."""
    writer = subprocess.Popen([*command, "--leave-marks", marks], stdout=subprocess.PIPE, text=True)
    if not writer.stdout.readline():
        raise SystemExit("siftd wrote no marks")
    writer.kill()
    for process in (process for backend in backends for process in backend.processes):
        process.kill()
    writer.wait()
    for backend in backends:
        for process in backend.processes:
            process.start()
    for backend in backends:
        until(f"{type(backend).__name__} serves again", backend.serves)


def record(given, made, files, folder):
    """Puts what siftd wrote beside the other records."""
    date = datetime.date.today().isoformat()
    kind = output("stat", "--file-system", "--format=%T", str(folder))
    head, _, rest = (files / "matrix.md").read_text().partition("\n")
    told = f"Made by `{made}`. All servers ran on the same machine; the disk's folder was on {kind}, and what was read from it was in the page cache."
    given.out.mkdir(parents=True, exist_ok=True)
    for ending in ("json", "svg"):
        (given.out / f"{date}-cache.{ending}").write_text((files / f"matrix.{ending}").read_text())
    page = f"{head}\n\n{told}\n\n![The decision matrix]({date}-cache.svg)\n{rest}"
    (given.out / f"{date}-cache.md").write_text(page)


def main():
    given = arguments()
    if missing():
        raise SystemExit(f"not installed: {', '.join(missing())}")
    siftd = (given.siftd or built()).resolve()
    with ExitStack() as stack:
        files = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = given.folder or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        backends = [stack.enter_context(kind()) for kind in BACKENDS]
        urls = ["memory://", f"disk://{folder.resolve()}", *(backend.url for backend in backends)]
        command = [str(siftd), "cache-bench", "--marks", str(given.marks)]
        command += [argument for url in urls for argument in ("--cache", url)]
        kill_all(command, backends, files / "marks.json")
        command += ["--count-marks", files / "marks.json", "--window", given.window, "--bytes", given.bytes]
        for option, ending in (("json", "json"), ("markdown", "md"), ("picture", "svg")):
            command += [f"--{option}", files / f"matrix.{ending}"]
        code = subprocess.run(command, check=False).returncode
        if code == 2:
            raise SystemExit("siftd cannot be run so")
        record(given, f"python bench/cache/cache.py --window {given.window} --bytes {given.bytes}", files, folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
