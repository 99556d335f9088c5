#!/usr/bin/python3
"""An ICE and a DTLS transport of aiortc, signalled as media_peer is. aiortc_peer.py controlling|controlled active|passive"""

import asyncio
import json
import sys

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCIceGatherer, RTCIceParameters, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp


def write(line):
    print(json.dumps(line, separators=(",", ":")), flush=True)


class Transport(RTCDtlsTransport):
    async def _handle_rtp_data(self, data, arrival_time_ms):
        write({"rtp": data[12:].decode()})


async def main(role, setup):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    gatherer = RTCIceGatherer([])
    await gatherer.gather()
    ice = RTCIceTransport(gatherer)
    ice._connection.ice_controlling = role == "controlling"
    dtls = Transport(ice, [RTCCertificate.generateCertificate()])
    dtls._set_role("client" if setup == "active" else "server")
    own = gatherer.getLocalParameters()
    fingerprint = next(f for f in dtls.getLocalParameters().fingerprints if f.algorithm == "sha-256")
    write({"local": {
        "ufrag": own.usernameFragment, "pwd": own.password, "setup": setup,
        "fingerprint": f"{fingerprint.algorithm} {fingerprint.value}",
        "candidates": ["candidate:" + candidate_to_sdp(c) for c in gatherer.getLocalCandidates()]}})
    remote = json.loads(await reader.readline())["remote"]
    for line in remote["candidates"]:
        await ice.addRemoteCandidate(candidate_from_sdp(line.removeprefix("candidate:")))
    await ice.addRemoteCandidate(None)
    await ice.start(RTCIceParameters(usernameFragment=remote["ufrag"], password=remote["pwd"]))
    write({"state": ice.state})
    algorithm, value = remote["fingerprint"].split(" ")
    await dtls.start(RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint(algorithm=algorithm, value=value)]))
    write({"dtls": dtls.state})
    number = 0
    while True:
        number += 1
        header = bytes([0x80, 96]) + number.to_bytes(2, "big") + bytes(8)
        await dtls._send_rtp(header + f"from aiortc {number}".encode())
        await asyncio.sleep(0.02)


asyncio.run(main(*sys.argv[1:]))
