#!/usr/bin/python3
"""An aioice connection that speaks the JSON lines of `stile connect --stdio` (without --trickle)."""

import argparse
import asyncio
import ipaddress
import json
import signal
import sys
import time

import aioice


def write(line):
    print(json.dumps(line, separators=(",", ":")), flush=True)


async def standard_input():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def make_connection(options):
    server = {"stun_server": (options.server, 3478)} if options.server else {}
    if options.turn:
        server |= {"turn_server": (options.server, 3478), "turn_username": "u", "turn_password": "p"}
    policy = aioice.TransportPolicy.RELAY if options.policy == "relay" else aioice.TransportPolicy.ALL
    return aioice.Connection(
        ice_controlling=options.role == "controlling",
        transport_policy=policy,
        use_ipv6=False,
        **server,
    )


async def take_remote(connection, remote):
    connection.remote_username = remote["ufrag"]
    connection.remote_password = remote["pwd"]
    for line in remote["candidates"]:
        candidate = aioice.Candidate.from_sdp(line.removeprefix("candidate:"))
        await connection.add_remote_candidate(candidate)
    await connection.add_remote_candidate(None)


async def take_lines(connection, reader):
    """Until the end of input: what stile tells us to send, and its candidates."""
    while line := await reader.readline():
        message = json.loads(line)
        if "remote" in message:
            await take_remote(connection, message["remote"])
            asyncio.create_task(connect(connection))
        if "send" in message:
            await connection.send(message["send"].encode())


async def connect(connection):
    began = time.monotonic()
    try:
        await connection.connect()
    except ConnectionError as error:
        write({"failed": {"reason": str(error)}})
        return
    pair = connection._nominated[1]
    local, remote = pair.local_candidate, pair.remote_candidate
    write({"connected": {
        "ms": round(1000 * (time.monotonic() - began)),
        "local": local.type,
        "remote": remote.type,
        "pair": f"{local.host}:{local.port} {remote.host}:{remote.port}",
    }})
    try:
        while True:
            write({"data": (await connection.recv()).decode()})
    except ConnectionError:
        write({"state": "failed"})


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--role", required=True)
    parser.add_argument("--server", type=lambda text: str(ipaddress.ip_address(text)))
    parser.add_argument("--turn", action="store_true")
    parser.add_argument("--policy", default="all")
    options = parser.parse_args()
    connection = make_connection(options)
    await connection.gather_candidates()
    write({"local": {
        "ufrag": connection.local_username,
        "pwd": connection.local_password,
        "candidates": ["candidate:" + candidate.to_sdp() for candidate in connection.local_candidates],
    }})
    lines = asyncio.create_task(take_lines(connection, await standard_input()))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lines.cancel)
    try:
        await lines
    except asyncio.CancelledError:
        pass
    await connection.close()


asyncio.run(main())
