#!/usr/bin/env python3
"""One TCP connection that carries as much as it can: the load of nat.sh.

tcp_bulk.py take ADDRESS PORT          takes one connection, prints what came of it, in Mbit/s
tcp_bulk.py give ADDRESS PORT SECONDS  sends for so long
"""
import socket
import sys
import time

how, at = sys.argv[1], (sys.argv[2], int(sys.argv[3]))
piece = bytearray(1 << 20)
if how == "take":
    with socket.create_server(at) as server:
        print("ready", flush=True)
        connection, _ = server.accept()
    begin, size = time.monotonic(), 0
    while taken := connection.recv_into(piece):
        size += taken
    print(round(size * 8 / 1e6 / (time.monotonic() - begin)))
else:
    with socket.create_connection(at, timeout=20) as connection:
        end = time.monotonic() + float(sys.argv[4])
        while time.monotonic() < end:
            connection.sendall(piece)
