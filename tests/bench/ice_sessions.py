#!/usr/bin/env python3
"""Plays ICE sessions between two network namespaces, and prints how long it took until both peers had heard the other:
one JSON object. Each peer is a program that talks as `stile connect --stdio` does; the clock begins when both are told
the other's candidates. From when a peer may send it sends every 10 ms, since the first datagram may be lost as well."""
import argparse
import asyncio
import json
import os
import time

TALK = json.dumps({"send": "hello"}).encode() + b"\n"
INTERVAL = 0.01


def commands(kind, programs, address, role):
    python = ["/usr/bin/python3"]  # Debian's modules belong to Debian's interpreter
    peers = {
        "stile": [programs.stile, "connect", "--stdio", "--ipv4-only"],
        "aioice": [*python, os.path.join(programs.peers, "aioice_peer.py")],
        "libnice": [*python, os.path.join(programs.peers, "libnice_peer.py"), "--address", address],
    }
    return [*peers[kind], "--role", role]


class Peer:
    def __init__(self, process, kind):
        self.process, self.kind = process, kind
        self.local = asyncio.get_running_loop().create_future()
        self.heard = asyncio.get_running_loop().create_future()
        self.may_send = asyncio.Event()
        self.tasks = [asyncio.create_task(self.listen()), asyncio.create_task(self.talk())]

    @classmethod
    async def start(cls, kind, programs, end, role):
        namespace, address = end.split("=")
        process = await asyncio.create_subprocess_exec(
            "ip", "netns", "exec", namespace, *commands(kind, programs, address, role),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
        return cls(process, kind)

    async def listen(self):
        while line := await self.process.stdout.readline():
            said = json.loads(line)
            if "local" in said:
                self.local.set_result(said["local"])
            elif "data" in said and not self.heard.done():
                self.heard.set_result(time.monotonic())
            elif "connected" in said or said.get("state") == "connected":
                self.may_send.set()

    async def talk(self):
        await self.may_send.wait()
        while True:
            self.write(TALK)
            await asyncio.sleep(INTERVAL)

    def write(self, line):
        if self.process.returncode is None:
            self.process.stdin.write(line)

    def meet(self, remote):
        self.write(json.dumps({"remote": remote}).encode() + b"\n")
        # libnice says nothing of the moment from which it may send: what is too early it refuses.
        if self.kind == "libnice":
            self.may_send.set()

    async def end(self):
        for task in self.tasks:
            task.cancel()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def session(a, b, patience):
    """Milliseconds, or none."""
    began = time.monotonic()
    a.meet(await b.local)
    b.meet(await a.local)
    try:
        heard = await asyncio.wait_for(asyncio.gather(a.heard, b.heard), patience)
    except asyncio.TimeoutError:
        return None
    return 1000 * (max(heard) - began)


async def play(options):
    times = []
    while len(times) < options.sessions:
        # What it costs to start is over when the first of them are told of each other.
        count = min(options.at_once, options.sessions - len(times))
        pairs = [(await Peer.start(options.kind, options, options.a, "controlling"),
                  await Peer.start(options.kind, options, options.b, "controlled")) for _ in range(count)]
        await asyncio.wait_for(asyncio.gather(*(peer.local for pair in pairs for peer in pair)), 30)
        times += await asyncio.gather(*(session(a, b, options.patience) for a, b in pairs))
        await asyncio.gather(*(peer.end() for pair in pairs for peer in pair))
    return times


def percentile(times, share):
    """Sessions without data count as the longest."""
    ordered = sorted(times, key=lambda time: (time is None, time))
    found = ordered[round(share * (len(ordered) - 1))]
    return None if found is None else round(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("stile", "aioice", "libnice"), required=True)
    parser.add_argument("--a", required=True, help="NAMESPACE=ADDRESS of the controlling peers")
    parser.add_argument("--b", required=True)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=10)
    parser.add_argument("--patience", type=float, default=20, help="seconds until a session has failed")
    parser.add_argument("--stile", default="build/client/stile")
    parser.add_argument("--peers", default="tests/interop")
    options = parser.parse_args()
    times = asyncio.run(play(options))
    print(json.dumps({"first_data_p50_ms": percentile(times, 0.5), "first_data_p95_ms": percentile(times, 0.95),
                      "failed": times.count(None), "runs": len(times)}))


main()
