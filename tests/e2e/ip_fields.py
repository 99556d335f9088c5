#!/usr/bin/env python3
"""The IP headers of relayed datagrams, and ICMP errors about them, as a client and its peer see them: one scenario a run.

ip_fields.py SCENARIO NETNS-OF-THE-PEER FAMILY
"""
import os
import socket
import struct
import sys

from peer_namespace import inside
from turn_client import CREATE_PERMISSION, INDICATION, PEER, Connection, UdpClient, attribute, message, parse, \
    plain_address, xor_address

SEND, DATA_METHOD, DATA, DONT_FRAGMENT, ICMP = 6, 7, 0x13, 0x1A, 0x8004
IS_V6 = sys.argv[3] == "6"
KIND, LEVEL, MARK, RECEIVE_MARK = (socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_TCLASS, socket.IPV6_RECVTCLASS) if IS_V6 \
    else (socket.AF_INET, socket.IPPROTO_IP, socket.IP_TOS, socket.IP_RECVTOS)
SERVER, PEER_HOST = (("2001:db8:1::10", 3478), "2001:db8:3::34") if IS_V6 else (("203.0.113.10", 3478), "203.0.113.34")
OPEN, CLOSED = (PEER_HOST, 3480), (PEER_HOST, 9)
# Types and codes: RFC 792, RFC 4443 §3.1, §3.2.
PORT_UNREACHABLE, TOO_LARGE = ((1, 4), (2, 0)) if IS_V6 else ((3, 3), (3, 4))


def relaying(client):
    client.allocate_udp().about_peer(CREATE_PERMISSION, (PEER_HOST, 0))
    return client


def over_udp():
    return relaying(UdpClient(SERVER))


def over_tcp():
    return relaying(Connection(SERVER))


def whose_word_counts():
    """A client whose DONT-FRAGMENT is seen to: RFC 8656 §13 leaves it out where datagrams of IPv6 are relayed."""
    return over_tcp() if IS_V6 else over_udp()


def send(client, peer, data, dont_fragment=False):
    whole = attribute(DONT_FRAGMENT, b"") if dont_fragment else b""
    transaction = os.urandom(12)
    client.socket.sendall(message(SEND, INDICATION, attribute(PEER, xor_address(peer, transaction)) + whole +
                                  attribute(DATA, data), transaction))


def open_peer():
    def make():
        opened = socket.socket(KIND, socket.SOCK_DGRAM)
        opened.bind(OPEN)
        opened.settimeout(20)
        return opened
    return inside(sys.argv[2], make)


def headers_at_peer():
    """A socket that receives UDP with the header of IPv4."""
    raw = inside(sys.argv[2], lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP))
    raw.settimeout(20)
    return raw


def next_df(raw):
    """DF of the next datagram to the open port."""
    while True:
        packet = raw.recv(65535)
        if struct.unpack_from("!H", packet, 22)[0] == OPEN[1]:
            return bool(packet[6] & 0x40)


def await_icmp(client, peer, *wanted):
    got = client.receive()
    while got.method != DATA_METHOD or ICMP not in got.attributes:
        got = client.receive()
    assert plain_address(got.attributes[PEER], got.transaction) == peer, got
    icmp = struct.unpack("!HBBI", got.attributes[ICMP])
    assert icmp == (0, *wanted), icmp
    assert DATA not in got.attributes


def unreachable():
    for client in (over_udp(), over_tcp()):
        send(client, CLOSED, b"knock")
        await_icmp(client, CLOSED, *PORT_UNREACHABLE, 0)


def too_large_for_the_path():
    client = whose_word_counts()
    for _ in range(2):
        send(client, OPEN, bytes(1400), dont_fragment=True)
        await_icmp(client, OPEN, *TOO_LARGE, 1300)


def too_large_for_the_first_link():
    client = whose_word_counts()
    send(client, OPEN, bytes(1600), dont_fragment=True)
    # Of IPv4 the kernel does not say which port.
    await_icmp(client, OPEN if IS_V6 else (PEER_HOST, 0), *TOO_LARGE, 1500)
    send(client, CLOSED, b"knock")
    await_icmp(client, CLOSED, *PORT_UNREACHABLE, 0)  # so it was told once


def fragmented():
    peer = open_peer()
    client = whose_word_counts()
    send(client, OPEN, bytes(1400), dont_fragment=True)
    await_icmp(client, OPEN, *TOO_LARGE, 1300)
    for size in (1400, 1600, 5000):
        send(client, OPEN, bytes(size))
        assert len(peer.recv(65535)) == size


def df_of(client):
    peer, raw = open_peer(), headers_at_peer()
    seen = []
    for whole in (False, True, False):
        send(client, OPEN, b"data", whole)
        assert peer.recv(100) == b"data"
        seen.append(next_df(raw))
    assert seen == [False, True, False], seen


def whole():
    df_of(over_udp())


def whole_over_tcp():
    df_of(over_tcp())


def data_and_mark(end):
    data, notes, _, _ = end.recvmsg(2048, 64)
    return data, [int.from_bytes(value[:4], sys.byteorder) for _, kind, value in notes if kind == MARK]


def marks_to_peer():
    peer, client = open_peer(), over_udp()
    peer.setsockopt(LEVEL, RECEIVE_MARK, 1)
    for mark in (0, 46 << 2, 46 << 2 | 2, 1, 0):
        client.socket.setsockopt(LEVEL, MARK, mark)
        send(client, OPEN, b"data")
        assert data_and_mark(peer) == (b"data", [mark]), mark


def marks_to_client():
    peer, client = open_peer(), over_udp()
    client.socket.setsockopt(LEVEL, RECEIVE_MARK, 1)
    for mark in (0, 34 << 2, 34 << 2 | 1, 2, 0):
        peer.setsockopt(LEVEL, MARK, mark)
        peer.sendto(b"data", client.relayed)
        data, marks = data_and_mark(client.socket)
        assert parse(data).attributes[DATA] == b"data"
        assert marks == [mark], marks


def others_go_on():
    """ICMP errors about one peer cost the others nothing."""
    peer, client = open_peer(), over_udp()
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
