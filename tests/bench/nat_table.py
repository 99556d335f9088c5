#!/usr/bin/env python3
"""The figures of nat.sh, one JSON object a line on standard input, as a table or as one JSON object."""
import collections
import json
import statistics
import sys

figures = collections.defaultdict(list)
for line in sys.stdin:
    figure = json.loads(line)
    figures[figure["figure"]].append(figure["value"])


def median(name):
    return statistics.median(figures[name]) if name in figures else None


def worst(name):
    return max(figures[name]) if name in figures else None


def beside(name):
    """Of stile's figure of that kind."""
    ours = name.split("_")[0] + "_stile"
    return lambda _: None if not median(name) else median(ours) / median(name)


def itself(value):
    return value


# What is measured, the unit, its value; what of it is judged, and what is wanted.
ROWS = [
    ("one read from memory that no cache has", "ns", median("memory_read_ns"), itself, None, None),
    ("one packet of a known flow, out, in batches", "ns", median("outbound_ns"), itself, "<=", 80),
    ("one packet of a known flow, in, in batches", "ns", median("inbound_ns"), itself, "<=", 80),
    ("  out, without sessions", "ns", median("outbound_ns_mapping_alone"), itself, "<=", 80),
    ("  in, without sessions", "ns", median("inbound_ns_mapping_alone"), itself, "<=", 80),
    ("  out, each by itself", "ns", median("outbound_alone_ns"), itself, None, None),
    ("  in, each by itself", "ns", median("inbound_alone_ns"), itself, None, None),
    ("records of a mapping and its session, without table entries", "B", median("record_bytes"), itself, "<=", 128),
    ("  of a mapping without sessions (--no-udp-sessions)", "B", median("record_bytes_mapping_alone"), itself, "<=", 64),
    ("memory per mapping, EIM/EIF, UDP", "B", median("bytes_udp"), itself, None, None),
    ("  without sessions", "B", median("bytes_udp_mapping_alone"), itself, None, None),
    ("memory per mapping, EIM/APDF, UDP", "B", median("bytes_filtering"), itself, None, None),
    ("memory per mapping, TCP", "B", median("bytes_tcp"), itself, None, None),
    ("new mappings, tables reserved", "/s", median("new_per_second_reserved"), itself, ">=", 1_500_000),
    ("  while tables grow", "/s", median("new_per_second"), itself, ">=", 1_500_000),
    ("  without sessions, tables reserved", "/s", median("new_per_second_reserved_mapping_alone"), itself, ">=", 1_500_000),
    ("new mappings at 99 % of the ports taken, tables reserved", "/s", median("new_per_second_scarce_reserved"), itself, ">=", 1_500_000),
    ("  while tables grow", "/s", median("new_per_second_scarce"), itself, ">=", 1_500_000),
    ("  without sessions, tables reserved", "/s", median("new_per_second_scarce_reserved_mapping_alone"), itself, ">=", 1_500_000),
    ("longest pause while a million mappings are made, reserved", "us", worst("making_pause_us_reserved"), itself, "<=", 1000),
    ("  while tables grow", "us", worst("making_pause_us"), itself, "<=", 1000),
    ("longest pause while a million mappings expire, reserved", "us", worst("expiry_pause_us_reserved"), itself, "<=", 1000),
    ("  in tables that have grown", "us", worst("expiry_pause_us"), itself, "<=", 1000),
    ("  without sessions, in tables that have grown", "us", worst("expiry_pause_us_mapping_alone"), itself, "<=", 1000),
    ("one mapping's expiry", "ns", median("expiry_ns"), itself, None, None),
    ("packets through stile-nat, 200 B", "/s", median("packets_stile"), itself, None, None),
    ("packets through stile-nat by AF_XDP, 200 B", "/s", median("packets_stile_xdp"), itself, None, None),
    ("  kernel's masquerade, on the sender's core", "/s", median("packets_kernel"), beside("packets_kernel"), ">=", 1),
    ("  kernel's masquerade, on a core of its own", "/s", median("packets_kernel_apart"), beside("packets_kernel_apart"), ">=", 1),
    ("one TCP connection through stile-nat", "Mb/s", median("tcp_stile"), itself, None, None),
    ("  by AF_XDP", "Mb/s", median("tcp_stile_xdp"), itself, None, None),
    ("  kernel's masquerade", "Mb/s", median("tcp_kernel"), beside("tcp_kernel"), None, None),
]


def rows():
    for name, unit, value, judged_part, relation, limit in ROWS:
        if value is None:
            continue
        judged = judged_part(value)
        met = None if relation is None or judged is None else (judged <= limit if relation == "<=" else judged >= limit)
        yield {"figure": name.strip(), "unit": unit, "value": round(value), "ratio": None if judged_part is itself else round(judged, 2),
               "wanted": None if relation is None else f"{relation} {limit:,}", "met": met, "indent": name.startswith(" ")}


if "--json" in sys.argv:
    kept = [{key: value for key, value in row.items() if key != "indent"} for row in rows()]
    print(json.dumps({"rows": kept, "figures": figures}))
else:
    print(f"{'':61} {'unit':>4} {'measured':>10} {'ratio':>6}  wanted")
    for row in rows():
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        name = "  " * row["indent"] + row["figure"]
        print(f"{name:61} {row['unit']:>4} {row['value']:>10,} {ratio:>6}  {row['wanted'] or '-'}{'   MISSED' if row['met'] is False else ''}")
