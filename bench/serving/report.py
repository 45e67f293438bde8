"""The record as Markdown."""


def markdown(record):
    yield f"# Serving, {record['date']}"
    yield ""
    yield f"{record['machine']}, shared with the load generator; {record['siftd']}, {record['rustc']}, commit {record['commit']}."
    yield f"Medians of {record['rounds']} rounds of {record['seconds']} s. Made by `python bench/serving/serving.py`."
    for name, lines in (("hits", hits), ("beside", beside), ("overload", overload), ("memory", memory)):
        if name in record:
            yield ""
            yield from lines(record[name], record)


def figures(row):
    return f"{row['rate']:,.0f} | {row['p50']:,.0f} | {row['p99']:,.0f} | {row['cpu_us']:.1f}"


def hits(rows, _):
    yield "## Hits beside a bare hyper server"
    yield ""
    yield "| hit | server | connections | requests/s | p50 us | p99 us | CPU us | siftd / bare |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    bare = {row["what"]: row["rate"] for row in rows if row["server"] == "bare"}
    for row in rows:
        ratio = f"{row['rate'] / bare[row['what']]:.2f}" if row["server"] == "siftd" else ""
        yield f"| {row['what']} | {row['server']} | {row['connections']} | {figures(row)} | {ratio} |"


def beside(part, _):
    yield "## Hits beside misses"
    yield ""
    yield (
        f"{part['clients_of_misses']} clients send other pictures all the time: {part['misses_per_second']:.1f} a second are"
        f" computed and {part['refused_per_second']:.1f} refused; {part['least_queued']} waited at the least."
    )
    yield ""
    yield "| hit | siftd is | requests/s | p50 us | p99 us | CPU us | p99, busy / idle |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    idle = {row["what"]: row["p99"] for row in part["rows"] if row["state"] == "idle"}
    for row in part["rows"]:
        ratio = f"{row['p99'] / idle[row['what']]:.2f}" if row["state"] == "busy" else ""
        # The processor also computed: its time is no figure of the hits.
        cpu = f"{row['cpu_us']:.1f}" if row["state"] == "idle" else ""
        yield f"| {row['what']} | {row['state']} | {row['rate']:,.0f} | {row['p50']:,.0f} | {row['p99']:,.0f} | {cpu} | {ratio} |"


def overload(rows, record):
    yield "## Overload"
    yield ""
    yield "| clients | refused come back | answered/s | of the best | statuses | lost | peak memory, MB |"
    yield "|---:|---|---:|---:|---|---:|---:|"
    best = max(row["goodput"] for row in rows) or 1
    for row in rows:
        statuses = ", ".join(f"{count} x {status}" for status, count in sorted(row["statuses"].items()))
        if row["clients"] is None:
            clients, back = f"{row['offered']:.0f} requests/s ({row['factor']}x)", "never"
        else:
            clients, back = f"{row['clients']} ({row['factor']}x)", "at once" if row["at_once"] else "as told"
        yield (
            f"| {clients} | {back} | {row['goodput']:.1f}"
            f" | {row['goodput'] / best:.2f} | {statuses} | {row['lost']} | {row['peak_mb']:.0f} |"
        )
    yield ""
    for row in rows:
        if "generator_cpus" in row:
            yield f"{row['generator_cpus']:.2f} processors sent the {row['offered']:.0f} requests/s of the open loop."
            yield ""
    peak = max(row["peak_mb"] for row in rows)
    others = {status for row in rows for status in row["statuses"]} - {"200", "503"}
    yield (
        f"Peak memory is {'within' if peak <= record['memory_budget_mb'] else 'ABOVE'} the budget of"
        f" {record['memory_budget_mb']} MB; statuses but 200 and 503: {', '.join(sorted(others)) or 'none'}."
    )


def memory(part, _):
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(part["statuses"].items()))
    yield "## Memory"
    yield ""
    yield "| resident | MB |"
    yield "|---|---:|"
    yield f"| at rest | {part['at_rest_mb']:.0f} |"
    yield f"| after uploads of 10 MB ({statuses}) | {part['after_mb']:.0f} |"
    yield f"| peak | {part['peak_mb']:.0f} |"
