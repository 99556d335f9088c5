#!/usr/bin/env python3
"""The figures of ice.sh, one JSON object a line on standard input, as tables or, with --json, as they are."""
import json
import sys

figures = []
for line in sys.stdin:
    if "--json" in sys.argv[1:]:
        print(line, end="", flush=True)
    else:
        figures.append(json.loads(line))


def named(name):
    return [figure for figure in figures if figure["figure"] == name]


def times(figure):
    """Sessions that have not met count as the longest."""
    if figure is None:
        return "-"
    text = " / ".join("never" if figure[f"first_data_{share}_ms"] is None else f"{figure[f'first_data_{share}_ms']:,}"
                      for share in ("p50", "p95"))
    return text + (f" ({figure['failed']} of {figure['runs']} failed)" if figure["failed"] else "")


def table_of_times(title, rows, column):
    columns = list(dict.fromkeys(row[column] for row in rows))
    if not rows:
        return
    print(f"{title}, ms, p50 / p95\n")
    print("loss".rjust(6) + "".join(name.rjust(34) for name in columns))
    for loss in dict.fromkeys(row["loss"] for row in rows):
        cells = [next((row for row in rows if row["loss"] == loss and row[column] == name), None) for name in columns]
        print(f"{loss} %".rjust(6) + "".join(times(cell).rjust(34) for cell in cells))
    print()


table_of_times("Until both have heard the other, over a real link of 50 ms round trip", named("link"), "who")
table_of_times("The same, gathering and signalling included, simulated NATs", named("connect"), "path")
for figure in named("memory"):
    print(f"memory per idle agent with 4 + 4 candidates: {figure['bytes_per_agent']:,} B (wanted: at most 8,192)")
for figure in named("consent"):
    print(f"agents that keep consent, without sockets: {figure['agents_per_core']:,} per core")
for figure in named("shared_port"):
    print(f"{figure['sessions']:,} sessions that keep consent at one port: {100 * figure['cpu_share_of_one_core']:.1f} % of a core, "
          f"{figure['alive']:,} alive")
