#!/usr/bin/env python3
"""What is relayed over channels, with and without the kernel's help: the scenarios that are named.

kernel_relay.py SCENARIO[,SCENARIO...] NETNS-OF-THE-PEER FAMILY CTL...

CTL is the command that asks the running server; FAMILY is 4 or 6.
"""
import json
import os
import socket
import struct
import subprocess
import sys
import time

from peer_namespace import inside
from turn_client import ERROR, INDICATION, LIFETIME, REFRESH, REQUEST, SUCCESS, UdpClient, attribute, message, parse, xor_address

BINDING, XOR_MAPPED, SOFTWARE = 1, 0x20, 0x8022
CHANNEL_BIND, CHANNEL_NUMBER = 9, 0x0C
UDP_SEGMENT = 103
SIZES = (0, 1, 2, 3, 4, 5, 100, 333, 1000, 1200)
FAMILY = sys.argv[3]
IS_V6 = FAMILY == "6"
KIND = socket.AF_INET6 if IS_V6 else socket.AF_INET
SERVER, PEER_HOST = (("2001:db8:1::10", 3478), "2001:db8:2::2") if IS_V6 else (("203.0.113.10", 3478), "203.0.113.34")


class Client(UdpClient):
    """With an allocation and channel 0x4001 to the peer."""

    def __init__(self, peer=None):
        super().__init__(SERVER)
        self.allocate_udp()
        if peer:
            self.about_peer(CHANNEL_BIND, peer, attribute(CHANNEL_NUMBER, struct.pack("!HH", 0x4001, 0)))

    def send(self, data, number=0x4001, padding=b""):
        self.socket.sendall(struct.pack("!HH", number, len(data)) + data + padding)

    def receive_data(self):
        got = self.socket.recv(65535)
        number, size = struct.unpack("!HH", got[:4])
        assert number == 0x4001 and size == len(got) - 4, got[:4]
        return got[4:]


def open_peer(port=3480, kind=socket.SOCK_DGRAM, protocol=0):
    def make():
        opened = socket.socket(KIND, kind, protocol)
        if kind == socket.SOCK_DGRAM:
            opened.bind((PEER_HOST, port))
        opened.settimeout(20)
        return opened
    return inside(sys.argv[2], make)


def ctl(*words):
    return subprocess.run([*sys.argv[4:], *words, "--json"], check=True, capture_output=True, timeout=30).stdout


def stats():
    return json.loads(ctl("stats"))


def in_kernel():
    return stats()["kernel"]["packets"]


def silent(receiver, seconds=0.2):
    receiver.settimeout(seconds)
    try:
        return receiver.recv(65535) and False
    except socket.timeout:
        return True
    finally:
        receiver.settimeout(20)


def pair():
    peer = open_peer()
    return Client(peer.getsockname()), peer


def exchange(client, peer, sizes=SIZES):
    """Each way, each size, with and without padding."""
    for size in sizes:
        data = os.urandom(size)
        for padding in (b"", b"\1", b"\1\2", b"\1\2\3"):
            client.send(data, padding=padding)
            got, source = peer.recvfrom(65535)
            assert got == data, (size, padding, len(got))
            assert source[:2] == client.relayed, source
        peer.sendto(data, client.relayed)
        assert client.receive_data() == data, size


def both_ways():
    client, peer = pair()
    exchange(client, peer)


def relayed_by_kernel():
    client, peer = pair()
    before = in_kernel()
    exchange(client, peer)
    assert in_kernel() - before == 5 * len(SIZES), (before, in_kernel())


def relayed_by_server():
    client, peer = pair()
    before = in_kernel()
    exchange(client, peer)
    assert in_kernel() == before


def too_large():
    """What does not fit the link is fragmented by the server."""
    client, peer = pair()
    exchange(client, peer, (1440, 1460, 1468, 1469, 1472, 1473, 2000, 5000, 60000))


def joined():
    """Several datagrams in one call, as a network card joins them; what follows does not overtake them."""
    client, peer = pair()
    exchange(client, peer)
    for _ in range(3):
        data = [bytes([i]) * 300 for i in range(10)]
        client.socket.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 304)
        client.socket.sendall(b"".join(struct.pack("!HH", 0x4001, 300) + each for each in data))
        client.socket.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 0)
        client.send(b"last")
        assert [peer.recv(2048) for _ in range(11)] == data + [b"last"]
        peer.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 300)
        peer.sendto(b"".join(data), client.relayed)
        peer.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 0)
        peer.sendto(b"last", client.relayed)
        assert [client.receive_data() for _ in range(11)] == data + [b"last"]


def malformed():
    client, peer = pair()
    exchange(client, peer)
    before = stats()["relay"]
    client.socket.sendall(struct.pack("!HH", 0x4001, 9) + b"short")
    client.socket.sendall(struct.pack("!HH", 0x4002, 4) + b"none")
    client.socket.sendall(b"\x40\x01\x00")
    client.send(b"good")
    assert peer.recv(100) == b"good"
    after = stats()["relay"]
    assert after["not_understood"] - before["not_understood"] == 2, (before, after)
    assert after["no_channel"] - before["no_channel"] == 1, (before, after)


def headers():
    """The IP header at the other end: DSCP and ECN pass, the rest is the server's own."""
    client, peer = pair()
    raw = open_peer(kind=socket.SOCK_RAW, protocol=socket.IPPROTO_UDP)
    level, mark, receive, note = (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS) \
        if IS_V6 else (socket.IPPROTO_IP, socket.IP_TOS, socket.IP_RECVTOS, socket.IP_TOS)
    hops, hop_note = (socket.IPV6_RECVHOPLIMIT, socket.IPV6_HOPLIMIT) if IS_V6 else (12, 2)  # IP_RECVTTL, IP_TTL
    for end in (peer, client.socket):
        end.setsockopt(level, receive, 1)
        end.setsockopt(level, hops, 1)

    def notes(end):
        data, got, _, _ = end.recvmsg(2048, 256)
        found = {kind: int.from_bytes(value[:4], sys.byteorder) for _, kind, value in got}
        return data[-4:], found[note], found[hop_note]
    for value in (0, 46 << 2, 46 << 2 | 2, 1, 3):
        client.socket.setsockopt(level, mark, value)
        peer.setsockopt(level, mark, value)
        client.send(b"data")
        assert notes(peer) == (b"data", value, 64)
        if not IS_V6:
            packet = raw.recv(2048)
            assert packet[6] & 0x40 == 0 and len(packet) == 32, packet
        peer.sendto(b"back", client.relayed)
        assert notes(client.socket) == (b"back", value, 64)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data[:len(data) & ~1])) + (data[-1] << 8 if len(data) % 2 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def checksums():
    """A good one is good at the other end, a bad one bad, and where there is none the server makes one."""
    peer = open_peer()
    client = Client(peer.getsockname())
    raw = socket.socket(KIND, socket.SOCK_RAW, socket.IPPROTO_UDP)
    source = client.socket.getsockname()[:2]

    def send(data, wrong=False, none=False, padding=b""):
        message = struct.pack("!HH", 0x4001, len(data)) + data + padding
        udp = struct.pack("!HHHH", source[1], SERVER[1], 8 + len(message), 0) + message
        pseudo = socket.inet_pton(KIND, source[0]) + socket.inet_pton(KIND, SERVER[0]) + struct.pack("!HH", 17, len(udp))
        value = 0 if none else checksum(pseudo + udp) or 0xFFFF
        if wrong:
            value = value ^ 0x0101 or 0x0202
        raw.sendto(udp[:6] + struct.pack("!H", value) + message, (SERVER[0], 0))
    for size in range(40):
        data = os.urandom(size)
        for padding in (b"", b"\xff", b"\xff\xfe", b"\1\2\3"):
            send(data, wrong=True, padding=padding)
            send(data, padding=padding)
            assert peer.recv(100) == data, size
    if not IS_V6:
        send(b"none", none=True)
        assert peer.recv(100) == b"none"
    assert silent(peer)


def counted():
    """The counters of the server after a known exchange; the same with and without the kernel."""
    client, peer = pair()
    exchange(client, peer)
    shown = json.loads(ctl("show", "%s:%d" % client.relayed if not IS_V6 else "[%s]:%d" % client.relayed))
    relay = stats()["relay"]
    assert client.request(REFRESH, attribute(LIFETIME, bytes(4)))[LIFETIME] == bytes(4)
    keys = ("to_peers", "from_peers", "not_understood", "no_channel", "no_permission_from", "too_large")
    print(json.dumps([shown["to_peers"], shown["from_peers"], {key: relay[key] for key in keys}]))


def ask(client, attributes=b"", timeout=20):
    """Binding, which must be answered with the client's own address, whole and by a datagram of the server's own."""
    request = message(BINDING, REQUEST, attributes)
    client.settimeout(timeout)
    client.send(request)
    got, notes, _, _ = client.recvmsg(2048, 256)
    mapped = attribute(XOR_MAPPED, xor_address(client.getsockname(), request[8:20]))
    assert got == message(BINDING, SUCCESS, mapped, request[8:20]), got
    assert [int.from_bytes(value[:4], sys.byteorder) for _, _, value in notes] == [64], notes


def stranger():
    """Somebody at another port each time, who is told the hop limit of what comes."""
    made = socket.socket(KIND, socket.SOCK_DGRAM)
    made.connect(SERVER)
    made.setsockopt(*((socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT) if IS_V6 else (socket.IPPROTO_IP, 12)), 1)  # IP_RECVTTL
    return made


def answered_by_kernel():
    return stats()["kernel"]["bindings"]


def bindings():
    """Whoever answers; the counters are the same."""
    before = stats()["relay"]
    for _ in range(50):
        ask(stranger())
    ask(stranger(), attribute(SOFTWARE, b"tests"))
    after = stats()["relay"]
    assert after["binding_requests"] - before["binding_requests"] == 51, after
    assert after["success_responses"] - before["success_responses"] == 51, after


def bindings_by_kernel():
    before = answered_by_kernel()
    bindings()
    assert answered_by_kernel() - before == 50, (before, answered_by_kernel())


def bindings_by_server():
    bindings()
    assert answered_by_kernel() == 0


def bindings_not_plain():
    """What is the server's to judge comes to it."""
    before, by_kernel, client = stats()["relay"], answered_by_kernel(), stranger()
    client.send(message(BINDING, REQUEST, attribute(0x7F00, b"")))
    assert parse(client.recv(2048)).kind == ERROR
    client.send(struct.pack("!HHI12x", BINDING, 0, 1))  # RFC 3489, which MAPPED-ADDRESS answers
    assert struct.unpack_from("!HH", client.recv(2048))[0] == 0x0101
    client.send(message(BINDING, INDICATION, b""))
    client.send(message(BINDING, REQUEST, b"")[:19])
    assert silent(client)
    after = stats()["relay"]
    assert after["not_understood"] - before["not_understood"] == 1, (before, after)
    assert answered_by_kernel() == by_kernel


def bindings_limited():
    """Each network is answered so often, whoever asks. The script has set 10 a second, 20 at once."""
    before, client = stats()["relay"], stranger()
    for _ in range(200):
        client.send(message(BINDING, REQUEST, b""))
    client.settimeout(0.5)
    answers = 0
    try:
        while client.recv(2048):
            answers += 1
    except socket.timeout:
        pass
    after = stats()["relay"]
    assert 20 <= answers <= 60, answers  # a busy machine takes its time to ask
    assert after["rate_limited"] - before["rate_limited"] == 200 - answers, (answers, after)


def bindings_of_denied():
    """Who is served is the server's to see to."""
    bindings_by_kernel()
    by_kernel = answered_by_kernel()
    with open(os.environ["CONFIG"]) as config:
        written = config.read()
    with open(os.environ["CONFIG"], "w") as config:
        config.write(written + 'deny-client = ["%s"]\n' % stranger().getsockname()[0])
    ctl("reload")
    client = stranger()
    client.send(message(BINDING, REQUEST, b""))
    assert silent(client)
    with open(os.environ["CONFIG"], "w") as config:
        config.write(written)
    ctl("reload")
    assert answered_by_kernel() == by_kernel
    bindings_by_kernel()


def cut(how):
    client, peer = pair()
    exchange(client, peer)
    before = stats()["kernel"]["channels_now"]
    how(client)
    client.send(b"late")
    peer.sendto(b"late", client.relayed)
    assert silent(peer) and silent(client.socket)
    after = stats()["kernel"]["channels_now"]
    assert after < before or before == 0, (before, after)


def cut_by_refresh():
    cut(lambda client: client.request(REFRESH, attribute(LIFETIME, bytes(4))))


def cut_by_ctl():
    cut(lambda client: ctl("close-user", "u"))


def cut_by_reload():
    """The script has denied the peer in the configuration file."""
    def deny(client):
        with open(os.environ["CONFIG"], "a") as config:
            config.write('deny-peer = ["%s"]\n' % PEER_HOST)
        ctl("reload")
    cut(deny)


def await_kernel(wanted):
    for _ in range(200):
        if (stats()["kernel_relay"] == "on") == wanted:
            return
        time.sleep(0.05)
    raise AssertionError(stats()["kernel_relay"])


def in_server_namespace(*command):
    subprocess.run(["ip", "netns", "exec", os.environ["SERVER_NS"], *command], check=True, timeout=20)


def exchanged_by(client, peer, kernel):
    """Once what has changed is seen to."""
    for _ in range(200):
        before = in_kernel()
        exchange(client, peer, (10,))
        if in_kernel() - before == (5 if kernel else 0):
            return
        time.sleep(0.05)
    raise AssertionError("relayed by the wrong one")


def packet_filter():
    """One that comes sees all, as long as it is there."""
    client, peer = pair()
    exchanged_by(client, peer, True)
    in_server_namespace("nft", "add table inet guard; add chain inet guard in { type filter hook input priority 0; }")
    await_kernel(False)
    exchanged_by(client, peer, False)
    in_server_namespace("nft", "add rule inet guard in udp dport 3478 drop")
    client.send(b"stopped")
    assert silent(peer)
    in_server_namespace("nft", "delete table inet guard")
    await_kernel(True)
    exchanged_by(client, peer, True)


def bindings_filtered():
    """A packet filter sees them as long as it is there, and what was counted before stays counted."""
    bindings_by_kernel()
    in_server_namespace("nft", "add table inet guard; add chain inet guard in { type filter hook input priority 0; }")
    await_kernel(False)
    before = answered_by_kernel()
    bindings()
    assert answered_by_kernel() == before
    in_server_namespace("nft", "delete table inet guard")
    await_kernel(True)
    for _ in range(200):
        ask(stranger())
        if answered_by_kernel() > before:
            break
        time.sleep(0.05)
    bindings_by_kernel()


def routes_change():
    """Datagrams leave as the routes say now, and nothing is counted twice."""
    client, peer = pair()
    exchanged_by(client, peer, True)
    before = stats()["relay"]["to_peers"]["packets"]
    prefix = PEER_HOST + ("/128" if IS_V6 else "/32")
    for _ in range(3):
        in_server_namespace("ip", "route", "add", prefix, "dev", "eth1", "mtu", "1400")
        in_server_namespace("ip", "route", "del", prefix)
    exchange(client, peer)
    after = stats()["relay"]["to_peers"]["packets"]
    assert after - before == 4 * len(SIZES), (before, after)
    exchanged_by(client, peer, True)


def limited():
    """Bandwidth that is limited is the server's to give out."""
    client, peer = pair()
    exchanged_by(client, peer, True)
    with open(os.environ["CONFIG"]) as config:
        written = config.read()
    with open(os.environ["CONFIG"], "w") as config:
        config.write(written + "max-bps = 100000000\n")
    ctl("reload")
    exchanged_by(client, peer, False)
    with open(os.environ["CONFIG"], "w") as config:
        config.write(written)
    ctl("reload")
    exchanged_by(client, peer, True)


for name in sys.argv[1].split(","):
    try:
        globals()[name]()
    except BaseException:
        print("in", name)
        raise
