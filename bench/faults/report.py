"""A record as a page."""

HEAD = """| cache | fault | sent | failed | refused | p50 ms | p99 ms | worst second's p99 ms | hits | degraded | healthy again after | errors counted |
|---|---|---:|---:|---:|---|---|---|---|---|---:|---|"""


def phases(result, name, form):
    return " / ".join("-" if phase[name] is None else form(phase[name]) for phase in result["phases"])


def row(result):
    recovery = result["recovery_seconds"]
    cells = [
        result["backend"],
        result["fault"],
        str(result["counts"]["sent"]),
        str(result["counts"]["failed"]),
        str(result["counts"]["refused"]),
        phases(result, "p50_ms", "{:.1f}".format),
        phases(result, "p99_ms", "{:.0f}".format),
        phases(result, "worst_p99_ms", "{:.0f}".format),
        phases(result, "hit_ratio", "{:.0%}".format),
        "yes" if result["degraded"] else "no",
        "not" if recovery is None else f"{recovery:.1f} s",
        ", ".join(f"{kind} {count}" for kind, count in result["errors"].items()) or "none",
    ]
    return f"| {' | '.join(cells)} |"


def page(record):
    rows = "\n".join(row(result) for result in record["results"])
    return f"""# Caches that fail, {record["date"]}

Made by `python bench/faults/faults.py --seconds {record["seconds"]}` on {record["machine"]}. The service computes {record["capacity"]:.0f} of the
pictures a second where nothing is cached; it was sent {record["rate"]:.0f} (an open loop, the generator on the same processors), from an
assortment of 20,000 by popularity, with 1 MiB of memory in front of the cache. Three figures are before, during and after the
fault; p50 and p99 are the medians of those of all seconds.

{HEAD}
{rows}
"""
