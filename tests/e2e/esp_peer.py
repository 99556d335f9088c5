#!/usr/bin/env python3
"""Plain ESP frames (RFC 4303) and ESP in UDP (RFC 3948) as two ends of IPsec exchange them, without the cryptography: a client
sends with its index, the gateway answers each client with an index of that client's own, and both count sequence numbers."""

import argparse
import select
import socket
import struct
import sys
import time

ESP = 50
NAT_T = 4500
ANSWER = 0x80000000  # the gateway's index for a client's, which is what key exchange would agree on


def packet(index, sequence, size):
    return struct.pack(">II", index, sequence) + bytes(size)


def gateway(args):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP)
    raw.bind((args.at, 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((args.at, NAT_T))
    print("ready", flush=True)
    seen_endpoints = set()
    end = time.monotonic() + args.seconds
    while (left := end - time.monotonic()) > 0:
        for sock in select.select([raw, udp], [], [], left)[0]:
            data, seen = sock.recvfrom(65536)
            if sock is raw:
                data = data[(data[0] & 15) * 4:]
            elif len(data) == 1:
                continue  # RFC 3948 §4: a keep-alive
            elif seen not in seen_endpoints:
                seen_endpoints.add(seen)
                print("udp %s:%d" % seen, flush=True)
            index, sequence = struct.unpack(">II", data[:8])
            sock.sendto(packet(index | ANSWER, sequence, len(data) - 8), seen if sock is udp else (seen[0], 0))


def exchange(args, sock, send, receive):
    """Each packet is answered with this client's index and its number, or it does not count."""
    got = 0
    for sequence in range(1, args.packets + 1):
        send(packet(args.index, sequence, args.size))
        deadline = time.monotonic() + args.seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([sock], [], [], left)[0]:
                break
            index, number = struct.unpack(">II", receive()[:8])
            if index != args.index | ANSWER:
                sys.exit("an answer with the index of somebody else: %x" % index)
            if number == sequence:
                got += 1
                break
        time.sleep(args.pause)
    print("%d of %d" % (got, args.packets))


def client(args):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP) as sock:
        sock.connect((args.to, 0))

        def receive():
            data = sock.recv(65536)
            return data[(data[0] & 15) * 4:]

        exchange(args, sock, sock.send, receive)


def udp_client(args):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", NAT_T))
        sock.connect((args.to, NAT_T))
        sock.send(b"\xff")  # RFC 3948 §2.3
        exchange(args, sock, sock.send, lambda: sock.recv(65536))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["gateway", "client", "udp-client"])
    parser.add_argument("--at")
    parser.add_argument("--to")
    parser.add_argument("--index", type=lambda text: int(text, 0), default=0x1001)
    parser.add_argument("--packets", type=int, default=1)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    {"gateway": gateway, "client": client, "udp-client": udp_client}[args.command](args)


main()
