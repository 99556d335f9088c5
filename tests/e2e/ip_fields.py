#!/usr/bin/env python3
"""The IP headers of relayed datagrams, and ICMP errors about them, as a client and its peer see them: one scenario a run.

ip_fields.py SCENARIO NETNS-OF-THE-PEER
"""
import collections
import ctypes
import os
import socket
import struct
import sys

from turn_stream import ALLOCATE, CREATE_PERMISSION, INDICATION, PEER, RELAYED, TRANSPORT, Connection, attribute, \
    message, parse, plain_address, xor_address

SEND, DATA_METHOD, DATA, DONT_FRAGMENT, ICMP = 6, 7, 0x13, 0x1A, 0x8004
server, peer_host = ("203.0.113.10", 3478), "203.0.113.34"
OPEN, CLOSED = (peer_host, 3480), (peer_host, 9)


class UdpClient(Connection):
    def __init__(self):
        self.server, self.user, self.password = server, "u", "p"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(server)
        self.socket.settimeout(20)
        self.realm = self.nonce = None
        self.indications = collections.deque()

    def receive(self):
        return parse(self.socket.recv(65535))


def relaying(client):
    client.relayed = plain_address(client.request(ALLOCATE, attribute(TRANSPORT, b"\x11\0\0\0"))[RELAYED])
    client.request(CREATE_PERMISSION, attribute(PEER, xor_address((peer_host, 0))))
    return client


def send(client, peer, data, dont_fragment=False):
    whole = attribute(DONT_FRAGMENT, b"") if dont_fragment else b""
    client.socket.sendall(message(SEND, INDICATION, attribute(PEER, xor_address(peer)) + whole + attribute(DATA, data)))


def in_peer_namespace(make):
    """What `make` opens there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net", "rb") as ours, open(sys.argv[2], "rb") as theirs:
        assert libc.setns(theirs.fileno(), 0) == 0, os.strerror(ctypes.get_errno())
        try:
            return make()
        finally:
            assert libc.setns(ours.fileno(), 0) == 0, os.strerror(ctypes.get_errno())


def open_peer():
    def make():
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(OPEN)
        opened.settimeout(20)
        return opened
    return in_peer_namespace(make)


def headers_at_peer():
    """A socket that receives UDP with the IP header."""
    raw = in_peer_namespace(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP))
    raw.settimeout(20)
    return raw


def next_to(raw, port):
    """(type of service, DF) of the next datagram to the port."""
    while True:
        packet = raw.recv(65535)
        if struct.unpack_from("!H", packet, 22)[0] == port:
            return packet[1], bool(packet[6] & 0x40)


def await_icmp(client, peer, *wanted):
    got = client.receive()
    while got.method != DATA_METHOD or ICMP not in got.attributes:
        got = client.receive()
    assert plain_address(got.attributes[PEER]) == peer, got
    icmp = struct.unpack("!HBBI", got.attributes[ICMP])
    assert icmp == (0, *wanted), icmp
    assert DATA not in got.attributes


def unreachable():
    for client in (relaying(UdpClient()), relaying(Connection(server))):
        send(client, CLOSED, b"knock")
        await_icmp(client, CLOSED, 3, 3, 0)


def too_large_for_the_path():
    client = relaying(UdpClient())
    for _ in range(2):
        send(client, OPEN, bytes(1400), dont_fragment=True)
        await_icmp(client, OPEN, 3, 4, 1300)


def too_large_for_the_first_link():
    client = relaying(UdpClient())
    send(client, OPEN, bytes(1600), dont_fragment=True)
    await_icmp(client, (peer_host, 0), 3, 4, 1500)  # the kernel does not say which port
    send(client, CLOSED, b"knock")
    await_icmp(client, CLOSED, 3, 3, 0)  # so it was told once


def fragmented():
    peer = open_peer()
    client = relaying(UdpClient())
    send(client, OPEN, bytes(1400), dont_fragment=True)
    await_icmp(client, OPEN, 3, 4, 1300)
    for size in (1400, 1600, 5000):
        send(client, OPEN, bytes(size))
        assert len(peer.recv(65535)) == size


def df_of(client):
    peer, raw = open_peer(), headers_at_peer()
    seen = []
    for whole in (False, True, False):
        send(client, OPEN, b"data", whole)
        assert peer.recv(100) == b"data"
        seen.append(next_to(raw, OPEN[1])[1])
    assert seen == [False, True, False], seen


def whole():
    df_of(relaying(UdpClient()))


def whole_over_tcp():
    df_of(relaying(Connection(server)))


def marks_to_peer():
    raw, peer, client = headers_at_peer(), open_peer(), relaying(UdpClient())
    for mark in (0, 46 << 2, 46 << 2 | 2, 1, 0):
        client.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, mark)
        send(client, OPEN, b"data")
        assert peer.recv(100) == b"data"
        assert next_to(raw, OPEN[1])[0] == mark


def marks_to_client():
    peer, client = open_peer(), relaying(UdpClient())
    client.socket.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    for mark in (0, 34 << 2, 34 << 2 | 1, 2, 0):
        peer.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, mark)
        peer.sendto(b"data", client.relayed)
        data, notes, _, _ = client.socket.recvmsg(2048, 64)
        assert parse(data).attributes[DATA] == b"data"
        assert [note[2][0] for note in notes if note[1] == socket.IP_TOS] == [mark], notes


def others_go_on():
    """ICMP errors about one peer cost the others nothing."""
    peer, client = open_peer(), relaying(UdpClient())
    for number in range(200):
        send(client, CLOSED, b"knock")
        send(client, OPEN, b"%d" % number)
        assert peer.recv(100) == b"%d" % number
    peer.sendto(b"and back", client.relayed)
    got = client.receive()
    while DATA not in got.attributes:
        got = client.receive()
    assert got.attributes[DATA] == b"and back"


globals()[sys.argv[1]]()
