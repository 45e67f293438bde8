"""A record as a page."""

HEAD = """| cache | fault | sent | failed | refused | p99 ms | worst second's p99 ms | of hits alone | of misses alone | hits | degraded | healthy again after | errors counted |
|---|---|---:|---:|---:|---|---|---|---|---|---|---:|---|"""


def phases(result, name, form):
    return " / ".join("-" if phase[name] is None else form(phase[name]) for phase in result["phases"])


def row(result):
    recovery = result["recovery_seconds"]
    counted = result["errors"] | result["said_by_servers"]
    cells = [
        result["backend"],
        result["fault"],
        str(result["counts"]["sent"]),
        str(result["counts"]["failed"]),
        str(result["counts"]["refused"]),
        phases(result, "p99_ms", "{:.0f}".format),
        phases(result, "worst_p99_ms", "{:.0f}".format),
        phases(result, "worst_hit_p99_ms", "{:.0f}".format),
        phases(result, "worst_miss_p99_ms", "{:.0f}".format),
        phases(result, "hit_ratio", "{:.0%}".format),
        "yes" if result["degraded"] else "no",
        "not" if recovery is None else f"{recovery:.1f} s",
        ", ".join(f"{kind} {count}" for kind, count in counted.items()) or "none",
    ]
    return f"| {' | '.join(cells)} |"


def page(record):
    rows = "\n".join(row(result) for result in record["results"])
    computed = sorted(result["capacity"] for result in record["results"])
    return f"""# Caches that fail, {record["date"]}

Made by `python bench/faults/faults.py --seconds {record["seconds"]}` on {record["machine"]}, a cache after the other. The service computes
{computed[0]:.0f} to {computed[-1]:.0f} of the pictures a second where nothing is cached, measured before each cache; it was sent {record["share"]:.0%}
of that (an open loop, the generator on the same processors), from an assortment of 20,000 by popularity, with 1 MiB of memory in
front of the cache. Three figures are before, during and after the fault; p99 is the median of those of all seconds, and the worst
second is given for all answers, for hits and for misses alone. `evicted` is what the servers say themselves.

{HEAD}
{rows}
"""
