#!/usr/bin/env python3
"""Answers for one name by mDNS, as a browser does that hides its address: mdns_responder.py NAME ADDRESS"""

import socket
import struct
import sys

name, address = sys.argv[1], sys.argv[2]
wire_name = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("", 5353))
sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.0.0.251") + socket.inet_aton(address))
print("ready", flush=True)
while True:
    query, source = sock.recvfrom(2048)
    if wire_name not in query:
        continue
    header = query[:2] + struct.pack(">HHHHH", 0x8400, 0, 1, 0, 0)
    record = wire_name + struct.pack(">HHIH", 1, 0x8001, 120, 4) + socket.inet_aton(address)
    sock.sendto(header + record, source)
