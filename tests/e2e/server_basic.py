#!/usr/bin/env python3
"""What a plain client cannot be made to do against a server over UDP and TCP: one scenario a run.

server_basic.py peers|no-users|garbage|halves|crowd HOST PORT [PEER=CODE...]
"""
import random
import select
import socket
import struct
import sys

from turn_client import (ALLOCATE, COOKIE, CREATE_PERMISSION, ERROR, ERROR_CODE, PEER, REQUEST, TRANSPORT, Connection,
                         Refused, attribute, message, parse, xor_address)

BINDING, CHANNEL_BIND, CHANNEL_NUMBER = 1, 9, 0x0C
UDP_TRANSPORT = attribute(TRANSPORT, b"\x11\0\0\0")
server = (sys.argv[2], int(sys.argv[3]))


def code_of(call, *arguments):
    """The error that the server answers with; 0 if it does as it is told."""
    try:
        call(*arguments)
    except Refused as error:
        return error.args[0]
    return 0


def peers():
    """Each PEER=CODE: what CreatePermission and ChannelBind towards it are answered with; 0 is success."""
    client = Connection(server, user="user", password="pass")
    client.request(ALLOCATE, UDP_TRANSPORT)
    for number, (peer, wanted) in enumerate(each.split("=") for each in sys.argv[4:]):
        peer_address = attribute(PEER, xor_address((peer, 3480)))
        channel = attribute(CHANNEL_NUMBER, struct.pack("!HH", 0x4000 + number, 0))
        got = [code_of(client.request, CREATE_PERMISSION, peer_address),
               code_of(client.request, CHANNEL_BIND, channel + peer_address)]
        assert got == [int(wanted)] * 2, f"{peer}: {wanted} was wanted of CreatePermission and ChannelBind, {got} came"


def udp_socket():
    plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plain.connect(server)
    plain.settimeout(2)
    return plain


def no_users():
    """An Allocate is refused with an error, with credentials or without."""
    with udp_socket() as plain:
        plain.send(message(ALLOCATE, REQUEST, UDP_TRANSPORT))
        answer = parse(plain.recv(2048))
    assert answer.kind == ERROR, answer
    print("refused with", answer.attributes[ERROR_CODE][2] * 100 + answer.attributes[ERROR_CODE][3])
    assert code_of(Connection(server, user="", password="").request, ALLOCATE, UDP_TRANSPORT)


def noise(chance):
    """Random bytes, or a message with a good header and bytes turned over behind it."""
    if chance.random() < 0.5:
        return chance.randbytes(chance.randrange(1400))
    data = bytearray(message(chance.randrange(0x1000), chance.randrange(4), chance.randbytes(4 * chance.randrange(100))))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def garbage():
    chance = random.Random(1)
    with udp_socket() as plain:
        for _ in range(5000):
            plain.send(noise(chance))
    for _ in range(200):
        with socket.create_connection(server, timeout=5) as stream:
            try:
                for _ in range(5):
                    stream.sendall(noise(chance))
            except OSError:
                pass  # the server has had enough of it


def halves():
    """Every beginning of a message, left so or ended by closing; one whole message byte by byte is answered."""
    whole = message(BINDING, REQUEST, attribute(0x8022, b"half a message"))
    waiting = []
    for size in range(len(whole)):
        stream = socket.create_connection(server, timeout=5)
        stream.sendall(whole[:size])
        if size % 2:
            stream.close()
        else:
            waiting.append(stream)
    with socket.create_connection(server, timeout=5) as slow:
        slow.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in whole:
            slow.sendall(bytes([byte]))
        assert parse(slow.recv(2048)).transaction == whole[8:20]
    # What is lacking may come late.
    for size, stream in zip(range(0, len(whole), 2), waiting):
        stream.sendall(whole[size:])
        assert parse(stream.recv(2048)).transaction == whole[8:20]


def crowd():
    """500 connections at once, each of them served."""
    streams = [socket.create_connection(server, timeout=5) for _ in range(500)]
    for stream in streams:
        stream.sendall(message(BINDING, REQUEST, b""))
    for stream in streams:
        assert struct.unpack_from("!I", stream.recv(2048), 4)[0] == COOKIE
    assert not select.select(streams, [], [], 0)[0], "something came unasked, or was closed"


{"peers": peers, "no-users": no_users, "garbage": garbage, "halves": halves, "crowd": crowd}[sys.argv[1]]()
