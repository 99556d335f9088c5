#!/usr/bin/env python3
"""SIP's ends for a test of gateways: a phone that invites (RFC 3261, RFC 4566), and a proxy that answers it and sends media to where
the session description says."""

import argparse
import re
import select
import socket
import sys
import time

SIP = 5060


def own_address(to):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((to, SIP))
        return sock.getsockname()[0]


def invite(own, to, rtp):
    body = "\r\n".join(["v=0", f"o=alice 1 1 IN IP4 {own}", "s=-", f"c=IN IP4 {own}", "t=0 0", f"m=audio {rtp} RTP/AVP 0",
                        "a=rtpmap:0 PCMU/8000", ""])
    return "\r\n".join([f"INVITE sip:bob@{to} SIP/2.0", f"Via: SIP/2.0/UDP {own}:{SIP};branch=z9hG4bK776;rport", "Max-Forwards: 70",
                        f"To: <sip:bob@{to}>", f"From: <sip:alice@{to}>;tag=1928", f"Call-ID: a84b4c76e66710@{own}",
                        "CSeq: 314159 INVITE", f"Contact: <sip:alice@{own}:{SIP}>", "Content-Type: application/sdp",
                        f"Content-Length: {len(body)}", "", body])


def phone(args):
    own = own_address(args.to)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media:
        sip.bind(("0.0.0.0", SIP))
        media.bind(("0.0.0.0", args.rtp))
        sip.sendto(invite(own, args.to, args.rtp).encode(), (args.to, SIP))
        heard = set()
        end = time.monotonic() + args.seconds
        while (left := end - time.monotonic()) > 0 and len(heard) < 2:
            for sock in select.select([sip, media], [], [], left)[0]:
                data = sock.recv(65536)
                if sock is sip and data.startswith(b"SIP/2.0 200") and own.encode() in data:
                    heard.add("answered")
                if sock is media and data == b"media":
                    heard.add("media")
        print(", ".join(sorted(heard)) or "nothing")


def part(pattern, text):
    found = re.search(pattern, text)
    return found.group(1) if found else "none"


def proxy(args):
    sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sip.bind(("0.0.0.0", SIP))
    media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    media.bind(("203.0.113.9", 20000))
    print("ready", flush=True)
    while True:
        data, seen = sip.recvfrom(65536)
        text = data.decode()
        head, _, body = text.partition("\r\n\r\n")
        via = part(r"Via: SIP/2.0/UDP ([^;]*)", head)
        where = part(r"c=IN IP4 (\S+)", body)
        port = part(r"m=audio (\d+)", body)
        length = "right" if int(part(r"Content-Length: (\d+)", head)) == len(body) else "wrong"
        print("via %s contact %s media %s:%s length %s" % (via, part(r"Contact: <sip:alice@([^>]*)>", head), where, port, length),
              flush=True)
        kept = [line for line in head.split("\r\n")[1:] if not line.startswith(("Content", "Max-Forwards", "Contact"))]
        sip.sendto("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode(), seen)
        if not where.startswith("10."):
            media.sendto(b"media", (where, int(port)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["phone", "proxy"])
    parser.add_argument("--to")
    parser.add_argument("--rtp", type=int, default=40000)
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    globals()[args.command](args)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(1)
