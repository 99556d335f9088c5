#!/usr/bin/env python3
"""A PCP client for the end-to-end tests: one request, its answer in one line. Every wait has a bound."""

import argparse
import ipaddress
import socket
import struct
import sys


def mapped(address):
    address = ipaddress.ip_address(address)
    return address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed


def shown(host, port):
    address = ipaddress.IPv6Address(host)
    return "%s:%d" % (address.ipv4_mapped, port) if address.ipv4_mapped else "[%s]:%d" % (address, port)


def endpoint(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def request(args, own):
    opcode = {"announce": 0, "map": 1, "peer": 2}[args.what]
    message = struct.pack("!BBHI", 2, opcode, 0, args.lifetime) + mapped(args.client or own)
    if opcode == 0:
        return message
    host, port = endpoint(args.suggest)
    protocol = {"udp": 17, "tcp": 6}[args.protocol]
    nonce = args.nonce.encode().ljust(12, b"\0")
    message += nonce + struct.pack("!B3xHH", protocol, args.internal, port) + mapped(host)
    if opcode == 2:
        host, port = endpoint(args.remote)
        message += struct.pack("!HH", port, 0) + mapped(host)
    if args.prefer_failure:
        message += struct.pack("!BBH", 2, 0, 0)
    if args.filter:
        host, port = endpoint(args.filter)
        message += struct.pack("!BBHBBH", 3, 0, 20, 0, 128, port) + mapped(host)
    if args.prefix64:
        message += struct.pack("!BBHH12x2x", 129, 0, 14, 12)
    return message


def ask(args):
    server = endpoint(args.server)
    sock = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(server)
    sock.settimeout(args.seconds)
    sock.send(request(args, sock.getsockname()[0]))
    try:
        answer = sock.recv(2048)
    except socket.timeout:
        return "timeout"
    except ConnectionRefusedError:
        return "refused"
    result, lifetime, epoch = answer[3], *struct.unpack("!II", answer[4:12])
    if result or len(answer) == 24:
        return "result %d epoch %d" % (result, epoch) if args.epoch else "result %d" % result
    port = struct.unpack("!H", answer[42:44])[0]
    told = "%s for %d" % (shown(answer[44:60], port), lifetime)
    if args.prefix64:
        length = struct.unpack("!H", answer[64:66])[0]
        told += " by %s/%d" % (ipaddress.IPv6Address(answer[66:66 + length].ljust(16, b"\0")), length * 8)
    return told


def listen(args):
    """Prints what is announced to all hosts, a line each, until both protocols have announced."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("224.0.0.1", 5350))
    sock.settimeout(args.seconds)
    print("ready", flush=True)
    heard = set()
    while len(heard) < 2:
        message, source = sock.recvfrom(2048)
        name = "pcp" if message[0] == 2 else "nat-pmp"
        heard.add(name)
        print("%s from %s:%d" % (name, *source), flush=True)
    return "both"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["announce", "map", "peer", "listen"])
    parser.add_argument("--server", default="10.1.0.1:5351")
    parser.add_argument("--client", help="the client's address in the request, where it is to be a wrong one")
    parser.add_argument("--protocol", default="udp")
    parser.add_argument("--internal", type=int, default=6000)
    parser.add_argument("--suggest", default="0.0.0.0:0")
    parser.add_argument("--remote", default="0.0.0.0:0")
    parser.add_argument("--lifetime", type=int, default=600)
    parser.add_argument("--nonce", default="nonce")
    parser.add_argument("--prefer-failure", action="store_true")
    parser.add_argument("--filter")
    parser.add_argument("--prefix64", action="store_true")
    parser.add_argument("--epoch", action="store_true")
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    print(listen(args) if args.what == "listen" else ask(args))


if __name__ == "__main__":
    sys.exit(main())
