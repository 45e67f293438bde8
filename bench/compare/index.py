#!/usr/bin/env python3
"""Writes bench/records/README.md: what each record of kernels beside OpenCV says in the median over its pictures."""

import json
import statistics
from pathlib import Path

RECORDS = Path(__file__).resolve().parents[1] / "records"

HEAD = """# Records

Measured on the machines that each names, by `bench/compare` (kernels beside OpenCV), `bench/serving`, `bench/faults`, `bench/cache`,
`bench/capacity` and `bench/soak`; `draws` are pictures and parameters drawn at random beside OpenCV. A record stays as it was made.

## Kernels beside OpenCV

How many times faster than OpenCV on as many threads, in the median over a record's pictures, AVX-512 / AVX2; one thread unless said
otherwise. "Kept" is beside OpenCV with its memory kept from picture to picture, which it is by default or not
([why](../../docs/performance.md#sift)). Two records of 2026-11-24 and 2026-11-26 are of another form. Made by
`python bench/compare/index.py`.

| record | machine | non-local means | a miss | SIFT | SIFT, kept | SIFT, two threads | two threads, kept |
|---|---|---|---|---|---|---|---|
"""

# What is measured, on how many threads, beside what.
COLUMNS = [
    ("nlm7", 1, "ratio"),
    ("miss", 1, "ratio"),
    ("sift", 1, "ratio"),
    ("sift", 1, "ratio_kept"),
    ("sift", 2, "ratio"),
    ("sift", 2, "ratio_kept"),
]


def median(rows, what, threads, key, isa):
    ratios = [row[key][isa] for row in rows if (row["what"], row["threads"]) == (what, threads) and row.get(key)]
    return f"{statistics.median(ratios):.1f}" if ratios else "-"


def line(path):
    record = json.loads(path.read_text())
    rows = record["rows"]
    if "ratio" not in rows[0]:
        return None
    sets = [isa for isa in ("avx512", "avx2") if isa in rows[0]["ratio"]]
    cells = [" / ".join(median(rows, *column, isa) for isa in sets) for column in COLUMNS]
    machine = record["machine"].replace("(R)", "").replace(" Processor", "")
    return f"| [{path.stem}]({path.stem}.md) | {machine} | {' | '.join(cells)} |\n"


def main():
    beside_opencv = "# siftd beside OpenCV"
    records = [path for path in sorted(RECORDS.glob("*.json")) if path.with_suffix(".md").read_text().startswith(beside_opencv)]
    lines = [text for path in records if (text := line(path))]
    (RECORDS / "README.md").write_text(HEAD + "".join(lines))


if __name__ == "__main__":
    main()
