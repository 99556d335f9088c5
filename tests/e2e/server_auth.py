#!/usr/bin/env python3
"""What a client sees of how the server knows it: one scenario a run.

server_auth.py classic|nonce|with-nonce|anonymous|redirected|ctl HOST PORT [ARGUMENT...]
"""
import os
import socket
import struct
import sys

from turn_client import (ALLOCATE, CREATE_PERMISSION, ERROR, ERROR_CODE, NONCE, PEER, REALM, TRANSPORT,
                         Connection, attribute, parse, xor_address)

MAPPED, ALTERNATE_SERVER = 0x01, 0x8023
UDP_TRANSPORT = attribute(TRANSPORT, b"\x11\0\0\0")
server = (sys.argv[2], int(sys.argv[3]))


def ask(request):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.connect(server)
        plain.settimeout(5)
        plain.send(request)
        return plain.recv(2048)


def classic(host):
    """A Binding request of RFC 3489, whose transaction id has 16 bytes."""
    transaction = b"\x55" + os.urandom(15)
    answer = ask(struct.pack("!HH", 1, 0) + transaction)
    assert answer[4:20] == transaction, answer
    mapped = parse(answer).attributes
    assert list(mapped) == [MAPPED] and socket.inet_ntoa(mapped[MAPPED][4:]) == host, mapped


def nonce():
    """Prints a nonce that the server has made for this host over TCP."""
    client = Connection(server, user="user", password="pass")
    client.request(ALLOCATE, UDP_TRANSPORT)
    print(client.nonce.decode())


def with_nonce(old, wanted):
    client = Connection(server, user="user", password="pass")
    client.realm, client.nonce = b"test", old.encode()
    got = client.answer(client.send_request(ALLOCATE, UDP_TRANSPORT))
    code = got.attributes[ERROR_CODE] if got.kind == ERROR else b"\0\0\0\0"
    assert code[2] * 100 + code[3] == int(wanted), got


def anonymous():
    client = Connection(server)
    client.request(ALLOCATE, UDP_TRANSPORT)
    client.request(CREATE_PERMISSION, attribute(PEER, xor_address(("203.0.113.2", 0))))
    assert client.nonce is None, "it was asked for credentials"


def redirected(where):
    client = Connection(server, user="user", password="pass")
    challenge = client.answer(client.send_request(ALLOCATE, UDP_TRANSPORT))
    client.realm, client.nonce = challenge.attributes[REALM], challenge.attributes[NONCE]
    got = client.answer(client.send_request(ALLOCATE, UDP_TRANSPORT))
    code = got.attributes[ERROR_CODE]
    port, ip = struct.unpack("!xxH4s", got.attributes[ALTERNATE_SERVER])
    assert (code[2] * 100 + code[3], f"{socket.inet_ntoa(ip)}:{port}") == (300, where), got


def ctl(line):
    """The line is no command of the control socket."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(5)
        control.connect("\0stile-server")
        control.send(line.encode() + b"\n")
        answer = control.recv(4096)
    assert b"is no command" in answer, answer


scenarios = {"classic": classic, "nonce": nonce, "with-nonce": with_nonce, "anonymous": anonymous, "redirected": redirected,
             "ctl": ctl}
scenarios[sys.argv[1]](*sys.argv[4:])
