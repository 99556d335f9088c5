#!/usr/bin/env python3
"""What clients cannot make the server pay for, measured by its process: one scenario a run.

server_abuse.py blast|slow-readers|slow-connections|crowd --server HOST:PORT --tls HOST:PORT --pid PID --hosts A,B...
"""
import argparse
import os
import random
import select
import socket
import struct
import time

from turn_client import (ALLOCATE, CREATE_PERMISSION, ERROR, LIFETIME, NONCE, PEER, REALM, REFRESH, RELAYED, REQUEST, SUCCESS,
                         TRANSPORT, Connection, Control, attribute, message, parse, plain_address, xor_address)

BINDING, SEND, CHANNEL_BIND, CHANNEL_NUMBER, DATA = 1, 6, 9, 0x0C, 0x13
UDP_TRANSPORT = attribute(TRANSPORT, b"\x11\0\0\0")
MEGABYTE = 1 << 20
PATIENCE = 20  # seconds, for a machine that is busy with something else


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def await_that(what, holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        expect(time.monotonic() < end, f"not in {PATIENCE} s: {what}")
        time.sleep(0.05)


def resident_bytes():
    with open(f"/proc/{options.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors():
    return len(os.listdir(f"/proc/{options.pid}/fd"))


class Datagrams(Connection):
    """A client over UDP: as over TCP, but a message is a datagram, and what is not answered is sent again."""

    def __init__(self, host=""):
        self.server, self.tls, self.user, self.password = options.server, False, "user", "pass"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host or options.hosts[0], 0))
        self.socket.connect(options.server)
        self.socket.settimeout(0.5)
        self.realm = self.nonce = None
        self.indications = []

    def receive(self):
        while (data := self.socket.recv(65536))[0] & 0xC0:
            pass  # ChannelData
        return parse(data)

    def answer(self, transaction):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return super().answer(transaction)
            except TimeoutError:
                expect(time.monotonic() < end, "no answer")
                self.socket.send(self.sent)

    def send_request(self, method, attributes=b"", behind=b""):
        self.sent = self.signed(method, attributes)
        self.socket.send(self.sent)
        return self.sent[8:20]


class Peer:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((options.hosts[-1], 0))
        self.address = self.socket.getsockname()


def allocate(client):
    client.relayed = plain_address(client.request(ALLOCATE, UDP_TRANSPORT)[RELAYED])
    return client


def give_back(client):
    client.request(REFRESH, attribute(LIFETIME, bytes(4)))
    client.close()


def permit(client, peer):
    client.request(CREATE_PERMISSION, attribute(PEER, xor_address(peer.address)))


def is_served():
    """A new client over UDP gets an allocation that relays, and gives it back."""
    client, peer = allocate(Datagrams()), Peer()
    permit(client, peer)
    # A datagram may be lost where ten thousand others are.
    for _ in range(2 * PATIENCE):
        client.socket.send(message(SEND, 1, attribute(PEER, xor_address(peer.address)) + attribute(DATA, b"is it served?")))
        if select.select([peer.socket], [], [], 0.5)[0]:
            break
    expect(peer.socket.recv(100) == b"is it served?", "something else came to the peer")
    give_back(client)


def real_messages(client, peer):
    """What a client sends, each message valid at least once."""
    to_peer = attribute(PEER, xor_address(peer.address))
    number = attribute(CHANNEL_NUMBER, b"\x40\0\0\0")
    client.request(CHANNEL_BIND, number + to_peer)
    return [message(BINDING, REQUEST, b""), client.signed(ALLOCATE, UDP_TRANSPORT), client.signed(REFRESH, b""),
            client.signed(CREATE_PERMISSION, to_peer), client.signed(CHANNEL_BIND, number + to_peer),
            message(SEND, 1, to_peer + attribute(DATA, b"data" * 50)), struct.pack("!HH", 0x4000, 200) + b"data" * 50]


def mutated(chance, real):
    """A real message with something wrong, or no message at all."""
    data = bytearray(chance.choice(real))
    kind = chance.randrange(6)
    if kind == 0:
        return chance.randbytes(chance.randrange(1400))
    if kind == 1:
        return bytes(data[:chance.randrange(len(data))])
    if kind == 2:
        return bytes(data) + chance.randbytes(chance.randrange(1, 200))
    if kind == 3:  # a length of the message or of an attribute
        at = chance.choice([2, *range(22, len(data) - 1, 4)])
        data[at:at + 2] = chance.randbytes(2)
        return bytes(data)
    if kind == 4:  # what its attributes are
        at = chance.randrange(20, max(21, len(data)), 4)
        data[at:at + 2] = struct.pack("!H", chance.randrange(0x40))
        return bytes(data)
    for _ in range(chance.randrange(1, 5)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def blast():
    """100,000 datagrams and 3,000 connections of garbage cost nothing that lasts."""
    chance = random.Random(1)
    client, peer = allocate(Datagrams()), Peer()
    permit(client, peer)
    real = real_messages(client, peer)
    is_served()
    before = resident_bytes()
    for _ in range(100):
        for _ in range(10):
            for _ in range(100):
                client.socket.send(mutated(chance, real))
            client.request(BINDING)  # answered when all before it has been read
        give_back(client)
        client = allocate(Datagrams(chance.choice(options.hosts)))
        permit(client, peer)
    give_back(client)
    over_udp = resident_bytes() - before
    for number in range(3000):
        with socket.create_connection(options.server, timeout=PATIENCE) as stream:
            try:
                for _ in range(chance.randrange(1, 4)):
                    stream.sendall(mutated(chance, real))
                if number % 3 == 0:  # closed with a reset
                    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass  # the server has had enough of it
    is_served()
    grown = resident_bytes() - before
    print(f"grown by {over_udp} bytes over UDP, {grown} in all")
    expect(grown < 8 * MEGABYTE, f"grown by {grown} bytes")


def secured(number):
    """Where the client of the number connects to, and how."""
    return {"server": options.tls, "tls": True} if number % 2 else {"server": options.server}


def slow_readers():
    """Clients over TCP and TLS that never read, while a peer sends each of them 4 MB: a bounded queue each."""
    clients, peer = [], Peer()
    for number in range(30):
        clients.append(allocate(Connection(user="user", password="pass", **secured(number))))
        permit(clients[-1], peer)
    is_served()
    before = resident_bytes()
    most = 0
    for _ in range(20):
        for client in clients:
            for _ in range(200):
                peer.socket.sendto(bytes(1000), client.relayed)
        is_served()
        most = max(most, resident_bytes() - before)
    print(f"grown by {most} bytes, {most // len(clients)} for each")
    expect(most < len(clients) * MEGABYTE, f"{len(clients)} clients that do not read made the server grow by {most} bytes")
    for client in clients:
        client.close()
    await_that("what they took is given back", lambda: resident_bytes() - before < 4 * MEGABYTE)


def slow_connections():
    """Connections with peers (RFC 6062) whose client never reads: the peer has to wait, and the server keeps little."""
    pairs, most = [], 0
    with socket.create_server((options.hosts[-1], 0)) as ear:
        for number in range(30):
            control = Control(user="user", password="pass", **secured(number))
            data = control.data(control.connect(ear.getsockname()))
            pairs.append((control, data, ear.accept()[0]))
    peers = [peer for _, _, peer in pairs]
    for peer in peers:
        peer.setblocking(False)
    is_served()
    before, sent = resident_bytes(), 0
    # Until all of them have to wait; a busy server only ends it sooner.
    while ready := select.select([], peers, [], 0.5)[1]:
        for peer in ready:
            sent += peer.send(bytes(65536))
        most = max(most, resident_bytes() - before)
        expect(sent < len(pairs) * 64 * MEGABYTE, "no peer has to wait")
    is_served()
    most = max(most, resident_bytes() - before)
    print(f"{sent} bytes taken, grown by {most} bytes, {most // len(pairs)} for each")
    expect(most < len(pairs) * MEGABYTE // 2, f"{len(pairs)} clients that do not read made the server grow by {most} bytes")


def ask_all(clients, kind, method, attributes):
    """Each client's request, of not more than 500 at once, sent again until it is answered by a message of the kind."""
    for first in range(0, len(clients), 500):
        some = clients[first:first + 500]
        waiting = {client.socket.fileno(): client for client in some}
        poll = select.poll()
        for number, client in waiting.items():
            poll.register(number, select.POLLIN)
            client.send_request(method, attributes)
        end = time.monotonic() + PATIENCE
        while waiting:
            ready = poll.poll(500)
            for number, _ in ready:
                client = waiting.pop(number)
                poll.unregister(number)
                client.answered = parse(client.socket.recv(2048))
                expect(client.answered.kind == kind, client.answered)
            if not ready:
                expect(time.monotonic() < end, "no answer")
                for client in waiting.values():
                    client.socket.send(client.sent)


def crowd():
    """10,000 allocations at once, freed again, and once more: what they took is given back."""
    is_served()
    before, before_descriptors, kept = resident_bytes(), descriptors(), []
    for _ in range(2):
        clients = [Datagrams(options.hosts[number % len(options.hosts)]) for number in range(10000)]
        ask_all(clients, ERROR, ALLOCATE, UDP_TRANSPORT)
        for client in clients:
            client.realm, client.nonce = client.answered.attributes[REALM], client.answered.attributes[NONCE]
        ask_all(clients, SUCCESS, ALLOCATE, UDP_TRANSPORT)
        expect(descriptors() >= before_descriptors + 10000, "there are not 10,000 allocations")
        full = resident_bytes() - before
        ask_all(clients, SUCCESS, REFRESH, attribute(LIFETIME, bytes(4)))
        for client in clients:
            client.close()
        await_that("its descriptors are closed", lambda: descriptors() <= before_descriptors)
        is_served()
        kept.append(resident_bytes() - before)
        print(f"{full} bytes more with 10,000 allocations, {kept[-1]} without them")
    expect(kept[0] < 12 * MEGABYTE, "what was taken first and kept for the next ones is too much")
    expect(kept[1] - kept[0] < 2 * MEGABYTE, "the next ones took more than the first")


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


parser = argparse.ArgumentParser()
parser.add_argument("scenario")
parser.add_argument("--server", type=address, required=True)
parser.add_argument("--tls", type=address, required=True)
parser.add_argument("--pid", type=int, required=True)
parser.add_argument("--hosts", type=lambda text: text.split(","), required=True, help="ours; the last is the peers'")
options = parser.parse_args()
globals()[options.scenario.replace("-", "_")]()
