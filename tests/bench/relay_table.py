#!/usr/bin/env python3
"""The figures of relay.sh, one JSON object a line on standard input, as a table or as one JSON object."""
import collections
import json
import statistics
import sys

figures = collections.defaultdict(list)
for line in sys.stdin:
    figure = json.loads(line)
    figures[figure["case"], figure["server"]].append(figure["said"])


def median(case, server, field):
    said = figures.get((case, server))
    return statistics.median(each[field] for each in said) if said else None


def others_served(case, server):
    """Of what the clients send that do not flood, the share that is delivered."""
    said = figures.get((case, server))
    return statistics.median(each["others_legs"] / each["others_sent"] for each in said) if said else None


def at_most(limit):
    return f"<= {limit:g}", lambda value: value <= limit


def at_least(limit):
    return f">= {limit:g}", lambda value: value >= limit


def nothing():
    return "-", lambda value: True


def ratio(ours, other):
    return ours / other if ours is not None and other else None


# What is measured, the unit, the digits, the field; what is judged (of ours, coturn's, the forwarder's) and wanted.
def of(case, field):
    return lambda server: median(case, server, field)


ROWS = [
    ("CPU per relayed leg, 50 clients x 200 B at 50,000 legs/s", "us", 2, of("steady", "cpu_us"), "coturn", at_most(0.6)),
    ("  beside a bare recv/send forwarder", "us", 2, of("steady", "cpu_us"), "forwarder", at_most(1.15)),
    ("CPU per relayed leg, coturn's client", "us", 2, of("client", "cpu_us"), "coturn", at_most(0.6)),
    ("CPU per relayed leg, bursts of 16 x 1,100 B", "us", 2, of("bursts", "cpu_us"), "coturn", at_most(0.3)),
    ("whole machine per leg, 50 clients x 200 B", "us", 2, of("steady", "whole_us"), "coturn", nothing()),
    ("whole machine per leg, coturn's client", "us", 2, of("client", "whole_us"), "coturn", nothing()),
    ("whole machine per leg, bursts", "us", 2, of("bursts", "whole_us"), "coturn", nothing()),
    ("delivered when flooded", "legs/s", 0, of("flooded", "legs_per_second"), "coturn", at_least(1.8)),
    ("delivered to others while one floods", "share", 3, lambda server: others_served("fair", server), None, at_least(0.95)),
    ("Allocate with its challenge, CPU", "us", 1, of("allocate", "cpu_us"), None, at_most(60)),
    ("resident memory per idle allocation", "B", 0, of("idle", "bytes"), None, at_most(3072)),
    ("Binding, CPU", "us", 2, of("binding", "cpu_us"), "coturn", at_most(0.6)),
    ("whole machine per Binding", "us", 2, of("binding", "whole_us"), "coturn", nothing()),
    ("p50 delay at half of the maximum", "us", 0, of("delay", "p50_us"), "coturn", nothing()),
    ("p99 delay at half of the maximum", "us", 0, of("delay", "p99_us"), "coturn", at_most(1)),
]


def rows():
    for name, unit, digits, value, beside, (wanted, judge) in ROWS:
        ours = value("stile")
        if ours is None:
            continue
        theirs = value(beside or "coturn")
        judged = ratio(ours, theirs) if beside else ours
        yield {"figure": name.strip(), "unit": unit, "stile": round(ours, digits or None),
               "beside": beside or "coturn", "theirs": None if theirs is None else round(theirs, digits or None),
               "ratio": None if ratio(ours, theirs) is None else round(ratio(ours, theirs), 2), "wanted": wanted,
               "wanted_of": "ratio" if beside else "stile", "met": judged is not None and judge(judged)}


def limits():
    """What the load can do by itself, and through the bare forwarder."""
    return {"load alone, legs/s": median("flooded", "load", "legs_per_second"),
            "forwarder flooded, legs/s": median("flooded", "forwarder", "legs_per_second"),
            "forwarder in bursts, us per leg": median("bursts", "forwarder", "cpu_us"),
            "whole machine per leg without a server, 50 clients x 200 B, us": median("steady", "load", "whole_us"),
            "whole machine per leg without a server, bursts, us": median("bursts", "load", "whole_us")}


if "--half-of-maximum" in sys.argv:
    print(int(min(median("flooded", server, "legs_per_second") for server in ("stile", "coturn")) / 2))
elif "--json" in sys.argv:
    print(json.dumps({"rows": list(rows()), "limits": limits(), "figures": [
        {"case": case, "server": server, "said": said} for (case, server), all_said in figures.items() for said in all_said]}))
else:
    print(f"{'':58} {'unit':>7} {'stile':>11} {'theirs':>9} {'ratio':>6}  wanted")
    for row in rows():
        theirs = "-" if row["theirs"] is None else f"{row['theirs']:,}"
        wanted = row["wanted"] + ("" if row["wanted_of"] == "ratio" else f" {row['unit']}")
        print(f"{row['figure']:58} {row['unit']:>7} {row['stile']:>11,} {theirs:>9} {row['ratio'] or 0:6.2f}  {wanted}"
              f"{'' if row['met'] else '   MISSED'}")
    for name, value in limits().items():
        if value is not None:
            print(f"{name}: {value:,.1f}")
