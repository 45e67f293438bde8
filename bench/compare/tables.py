"""A record's figures as tables."""

import statistics

import record

TITLES = {
    "nlm7": "Non-local means, coloured, 7/21, h 10",
    "nlm7-strong": "Non-local means, coloured, 7/21, h 30",
    "nlm9": "Non-local means, coloured, 9/15, h 10",
    "nlm7-together": "Non-local means of three channels together, 7/21, h 10",
    "sift": "SIFT, grey pixels to descriptors",
    "miss": "A whole miss: decode, denoise (7/21), grey, detect, describe",
    "nlm100": "Non-local means, coloured, 100/50, h 10",
}


def markdown(measured):
    sets = measured["instruction_sets"]
    slow = any(row["what"] == "nlm100" for row in measured["rows"])
    yield f"# siftd beside OpenCV, {measured['date']}"
    yield ""
    yield record.made_with(measured)
    yield "Medians of alternating runs in milliseconds, in brackets how many times faster than OpenCV on as many threads:"
    yield "the median of what each round says; for SIFT also than OpenCV with its memory kept from run to run"
    yield "(`MALLOC_MMAP_THRESHOLD_` and `MALLOC_TRIM_THRESHOLD_` of 4 GiB). Each case has processes of its own; processors are kept"
    yield "awake meanwhile. In the last column what the machine's host gave to others of the processors' time."
    yield f"Made by `python bench/compare/compare.py{' --slow' if slow else ''}`."
    yield from medians(measured["rows"], sets)
    for what, title in TITLES.items():
        if rows := [row for row in measured["rows"] if row["what"] == what]:
            yield from ["", f"## {title}", ""]
            yield from beside_opencv(what, rows, sets)
    if each := measured.get("keypoints"):
        yield from keypoints(each)
    if rows := measured.get("memory"):
        yield from memory(rows)
    if scaling := measured.get("scaling"):
        yield from sizes(scaling["one"], sets)
        yield from many(scaling["many"], sets)


def medians(rows, sets):
    """A line for each table, and for grey pictures, which are denoised in less time, one of their own."""
    yield from ["", "## In short", ""]
    yield "How many times faster than OpenCV: in the median over the pictures of each table below, in brackets from the least to the"
    yield "greatest."
    yield ""
    yield f"| | threads | pictures | {' | '.join(sets)} |"
    yield f"|---|---:|---:|{'---:|' * len(sets)}"
    groups = {}
    for row in rows:
        title = TITLES[row["what"]] + ("; grey pictures" if row["picture"].endswith(", grey") else "")
        groups.setdefault((title, row["threads"]), []).append(row["ratio"])
        if row["ratio_kept"]:
            groups.setdefault((f"{title}; OpenCV's memory kept", row["threads"]), []).append(row["ratio_kept"])
    for (title, threads), of in groups.items():
        cells = [spread([ratios[isa] for ratios in of]) for isa in sets]
        yield f"| {title} | {threads} | {len(of)} | {' | '.join(cells)} |"


def spread(ratios):
    middle = f"{statistics.median(ratios):.1f}"
    return middle if len(ratios) == 1 else f"{middle} ({min(ratios):.1f}-{max(ratios):.1f})"


def beside_opencv(what, rows, sets):
    theirs = ["opencv", "kept"] if "kept" in rows[0]["median_ms"] else ["opencv"]
    titles = ["OpenCV", "OpenCV, memory kept"][: len(theirs)]
    yield f"| picture | px | keypoints | threads | {' | '.join([*titles, *sets])} | stolen |"
    yield f"|---|---|---:|---:|{'---:|' * (len(theirs) + len(sets))}---:|"
    for row in rows:
        times = row["median_ms"]
        ratios = {s: ", ".join(f"{row[of][s]:.1f}x" for of in ("ratio", "ratio_kept") if s in row[of]) for s in sets}
        ours = [f"{times[s]:.1f} ({ratios[s]})" for s in sets]
        found = row["keypoints"] if what in ("sift", "miss") else ""
        yield (
            f"| {row['picture']} | {row['width']}x{row['height']} | {found} | {row['threads']}"
            f" | {' | '.join([*(f'{times[t]:.1f}' for t in theirs), *ours])} | {row['stolen']:.0%} |"
        )


def keypoints(measured):
    yield from ["", "## Orientation and descriptor of a keypoint, one thread", ""]
    size = f"{measured['width']}x{measured['height']}"
    yield f"Microseconds: what SIFT of {size} with {measured['keypoints']:,} keypoints takes more than with an edge threshold"
    yield "that none passes, by the least time of each."
    yield ""
    names = {"opencv": "OpenCV", "kept": "OpenCV, memory kept"}
    each = measured["us"]
    yield f"| {' | '.join(names.get(side, side) for side in each)} |"
    yield f"|{'---:|' * len(each)}"
    yield f"| {' | '.join(f'{us:.1f}' for us in each.values())} |"


def memory(rows):
    yield from ["", "## Memory of SIFT at its peak", ""]
    yield "MB: of the whole process, and in brackets what the detection adds to the program and the grey pixels."
    yield ""
    sides = list(dict.fromkeys(row["side"] for row in rows))
    yield f"| px | threads | {' | '.join('OpenCV' if side == 'opencv' else side for side in sides)} |"
    yield f"|---|---:|{'---:|' * len(sides)}"
    cells = {}
    for row in rows:
        line = cells.setdefault((f"{row['width']}x{row['height']}", row["threads"]), {})
        line[row["side"]] = f"{row['peak_mb']:,.0f} ({row['added_mb']:,.0f})"
    for (size, threads), line in cells.items():
        yield f"| {size} | {threads} | {' | '.join(line[side] for side in sides)} |"


def sizes(rows, sets):
    yield from ["", "## From small pictures to large ones", ""]
    yield "`astronaut` repeated: ns a pixel, and in brackets how many times faster two threads are than one; least times."
    yield ""
    yield f"| | px | {' | '.join(sets)} |"
    yield f"|---|---|{'---:|' * len(sets)}"
    times = {}
    for row in rows:
        times.setdefault((row["what"], row["width"], row["height"]), {})[row["set"], row["threads"]] = row["least_ms"]
    for (what, width, height), of in times.items():
        cells = [nanoseconds(of[isa, 1], of.get((isa, 2)), width * height) for isa in sets]
        yield f"| {TITLES[what]} | {width}x{height} | {' | '.join(cells)} |"


def nanoseconds(one, two, pixels):
    return f"{one * 1e6 / pixels:.1f}" + (f" ({one / two:.2f}x)" if two else "")


def many(measured, sets):
    yield from ["", "## Many small pictures", ""]
    size = f"{measured['width']}x{measured['height']}"
    yield f"`siftd detect` for a folder of {measured['pictures']} pictures of {size}, denoised: ms, least times, with the program's start."
    yield ""
    times = {(row["set"], row["threads"]): row["least_ms"] for row in measured["rows"]}
    counts = list(dict.fromkeys(count for _, count in times))
    yield f"| threads | {' | '.join(sets)} |"
    yield f"|---:|{'---:|' * len(sets)}"
    for count in counts:
        cells = [f"{times[isa, count]:.0f} ({times[isa, counts[0]] / times[isa, count]:.2f}x)" for isa in sets]
        yield f"| {count} | {' | '.join(cells)} |"
