#!/usr/bin/env python3
"""A name server over UDP for the tests: answers what its zone says, and "no such name" to all else.

dns_server.py ADDRESS RECORD...

RECORD is "NAME a ADDRESS", "NAME aaaa ADDRESS", "NAME srv PRIORITY WEIGHT PORT TARGET" or
"NAME naptr ORDER PREFERENCE FLAGS SERVICE REPLACEMENT", where - stands for nothing. Prints each question as a line.
"""
import socket
import struct
import sys

TYPES = {"a": 1, "aaaa": 28, "srv": 33, "naptr": 35}


def packed_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def packed_text(text):
    data = b"" if text == "-" else text.encode()
    return bytes([len(data)]) + data


def packed_data(kind, words):
    if kind == "a":
        return socket.inet_pton(socket.AF_INET, words[0])
    if kind == "aaaa":
        return socket.inet_pton(socket.AF_INET6, words[0])
    if kind == "srv":
        return struct.pack("!HHH", *map(int, words[:3])) + packed_name(words[3])
    flags, service, replacement = words[2:5]
    return struct.pack("!HH", int(words[0]), int(words[1])) + packed_text(flags) + packed_text(service) + \
        packed_text("-") + packed_name(replacement)


zone = {}
for record in sys.argv[2:]:
    owner, kind, *words = record.split()
    zone.setdefault((owner.lower(), TYPES[kind]), []).append(packed_data(kind, words))
names = {owner for owner, _ in zone}


def read_name(data, at):
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels).lower(), at + 1


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
print('{"ready":true}', flush=True)
while True:
    query, client = server.recvfrom(4096)
    name, end = read_name(query, 12)
    kind, = struct.unpack_from("!H", query, end)
    print(name, {number: text for text, number in TYPES.items()}.get(kind, kind), flush=True)
    found = zone.get((name, kind), [])
    code = 0 if name in names else 3
    answer = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(found), 0, 0) + query[12:end + 4]
    for data in found:
        answer += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
    server.sendto(answer, client)
