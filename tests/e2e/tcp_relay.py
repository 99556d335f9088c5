#!/usr/bin/env python3
"""RFC 6062 against a server: one scenario a run. The client and its peers are here, the server's process is watched.

tcp_relay.py SCENARIO --server HOST:PORT --peer-host HOST [--deaf-port PORT] [--pid PID] [--tls]
"""
import argparse
import hashlib
import os
import select
import socket
import struct
import threading
import time

from turn_client import (CONNECT, CONNECTION_BIND, CONNECTION_ID, PEER, REFRESH, LIFETIME, Connection, Control, Refused,
                         attribute, xor_address)

MEGABYTE = 1 << 20


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def refused(code, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except Refused as error:
        expect(error.args[0] == code, f"{code} was wanted, {error.args[0]} came")
        return
    raise AssertionError(f"{code} was wanted, success came")


def listener():
    ear = socket.create_server((options.peer_host, 0))
    ear.settimeout(10)
    return ear


def accept(ear):
    peer, source = ear.accept()
    peer.settimeout(20)
    return peer, source


def control():
    return Control(options.server, tls=options.tls)


def joined(client=None):
    """A control connection, a data connection, and the peer at its other end."""
    client = client or control()
    with listener() as ear:
        connection = client.connect(ear.getsockname())
        peer, source = accept(ear)
    expect(source == client.relayed, f"the peer sees {source}, not the relayed address {client.relayed}")
    return client, client.data(connection), peer


def receive_all(end):
    """Up to its end: how many bytes, and their hash."""
    size, digest = 0, hashlib.sha256()
    while data := end.recv(65536):
        size += len(data)
        digest.update(data)
    return size, digest.hexdigest()


def exchange(a, b):
    for sender, receiver, data in ((a, b, b"to b"), (b, a, b"to a")):
        sender.sendall(data)
        got = receiver.recv(100)
        expect(got == data, f"{got!r} came instead of {data!r}")


def end_writing(end):
    socket.socket.shutdown(end, socket.SHUT_WR)  # under TLS the base class's, which leaves the reading be


def ended(end):
    try:
        return end.recv(100) == b""
    except ConnectionResetError:
        return True


def connect():
    """The client reaches a peer from its relayed address; the same peer twice is refused."""
    client, data, peer = joined()
    exchange(data, peer)
    refused(446, client.connect, peer.getsockname())
    exchange(data, peer)
    exchange(*joined(client)[1:])


def attempt():
    """A peer with a permission reaches the client; what it sends at once waits for the client. Others are closed."""
    client = control()
    with socket.create_connection(client.relayed, 10) as stranger:
        expect(ended(stranger), "a peer without a permission is closed")
    client.permit(options.peer_host)
    with socket.create_connection(client.relayed, 10, (options.peer_host, 0)) as peer:
        peer.sendall(b"early")
        source, connection = client.attempt()
        expect(source == peer.getsockname(), "the ConnectionAttempt names the peer")
        data = client.data(connection)
        expect(data.recv(100) == b"early", "what came before ConnectionBind is delivered")
        exchange(data, peer)


def gone():
    """A peer that sends and leaves before the ConnectionBind is heard to its end."""
    client = control()
    client.permit(options.peer_host)
    with socket.create_connection(client.relayed, 10, (options.peer_host, 0)) as peer:
        peer.sendall(b"last words")
    data = client.data(client.attempt()[1])
    expect(data.recv(100) == b"last words", "its data is delivered")
    expect(ended(data), "then its end")


def early():
    """What the client sends right behind its ConnectionBind reaches the peer, whole."""
    client = control()
    words = os.urandom(200_000)
    with listener() as ear:
        connection = client.connect(ear.getsockname())
        peer, _ = accept(ear)
    data = client.data(connection, words)
    end_writing(data)
    expect(receive_all(peer) == (len(words), hashlib.sha256(words).hexdigest()), "every byte arrives")


def half_close():
    """One side ends, the other still speaks; both ways."""
    words = os.urandom(MEGABYTE)
    for client_first in (True, False):
        _, data, peer = joined()
        first, second = (data, peer) if client_first else (peer, data)
        first.sendall(b"that is all")
        end_writing(first)
        expect(receive_all(second)[0] == 11, "the data and the end come through")
        threading.Thread(target=lambda end=second: (end.sendall(words), end_writing(end))).start()
        expect(receive_all(first) == (MEGABYTE, hashlib.sha256(words).hexdigest()), "the answer comes through")


def resident():
    with open(f"/proc/{options.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024


def bulk():
    """20 MB each way at once; the readers sleep at first, and the server does not grow."""
    _, data, peer = joined()
    before = resident()
    words = {end: os.urandom(20 * MEGABYTE) for end in (data, peer)}
    senders = []
    for end in (data, peer):
        end.settimeout(60)
        senders.append(threading.Thread(target=lambda end=end: (end.sendall(words[end]), end_writing(end))))
    # An SSLSocket is not used by two threads at once, so under TLS one direction goes after the other.
    rounds = [[0], [1]] if options.tls else [[0, 1]]
    for which in rounds:
        for i in which:
            senders[i].start()
        time.sleep(1.5)
        grown = resident() - before
        expect(grown < 2 * MEGABYTE, f"while nobody reads the server grew by {grown} bytes")
        readers = [(data, peer)[1 - i] for i in which]
        results = {}
        threads = [threading.Thread(target=lambda end=end: results.update({end: receive_all(end)})) for end in readers]
        for thread in threads:
            thread.start()
        for thread in threads + [senders[i] for i in which]:
            thread.join()
        for end in readers:
            sent = words[peer if end is data else data]
            expect(results[end] == (len(sent), hashlib.sha256(sent).hexdigest()), "every byte arrives, in order")
    grown = resident() - before
    expect(grown < 4 * MEGABYTE, f"the server grew by {grown} bytes")


def killed():
    """Whatever end is broken off, the others end; with the control connection all do."""
    reset = struct.pack("ii", 1, 0)
    client, data, peer = joined()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    peer.close()
    expect(ended(data), "the data connection of a broken peer ends")
    _, data, peer = joined(client)
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    data.close()
    expect(ended(peer), "the peer's connection ends with the data connection")
    _, data, peer = joined(client)
    _, other, other_peer = joined(client)
    with listener() as ear:
        client.connect(ear.getsockname())
        pending, _ = accept(ear)
    client.close()
    for end in (data, peer, other, other_peer, pending):
        expect(ended(end), "all connections end with the control connection")
    expect(ended_listening(client.relayed), "nobody listens at the relayed address any more")


def ended_listening(address):
    """Within ten seconds: the connections may be gone a moment before the socket is."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(address, 5).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.05)
    return False


def deleted():
    """A Refresh with lifetime 0 ends the data connections too."""
    client, data, peer = joined()
    client.request(REFRESH, attribute(LIFETIME, bytes(4)))
    expect(ended(data) and ended(peer), "the data connections end with the allocation")
    refused(437, client.connect, (options.peer_host, 9))


def refusals():
    """What RFC 6062 has refused, and how."""
    client = control()
    with listener() as ear:
        address = ear.getsockname()
    refused(447, client.connect, address)  # nobody listens there now
    refused(403, client.connect, ("127.0.0.1", 80))
    refused(403, client.connect, client.relayed)
    refused(400, client.request, CONNECT)
    stranger = Connection(options.server, tls=options.tls)
    refused(437, stranger.request, CONNECT, attribute(PEER, xor_address(address)))
    refused(400, stranger.request, CONNECTION_BIND, attribute(CONNECTION_ID, b"\0\0\0\1"))
    refused(400, stranger.request, CONNECTION_BIND)
    with listener() as ear:
        connection = client.connect(ear.getsockname())
        peer, _ = accept(ear)
    refused(441, client.data, connection, user="other", password="o")
    data = client.data(connection)
    refused(400, client.data, connection)
    exchange(data, peer)


def many():
    """Many data connections of one allocation, each of which comes to whatever worker the kernel chooses."""
    client = control()
    ends = [joined(client)[1:] for _ in range(24)]
    for data, peer in ends:
        exchange(data, peer)


def patience():
    """While a Connect waits for a deaf peer others are served at once; both deadlines are 30 seconds."""
    client, waiting = control(), control()
    with listener() as ear:
        waiting.connect(ear.getsockname())
        unbound, _ = accept(ear)
    unbound.settimeout(60)
    started = time.monotonic()
    deaf = client.send_request(CONNECT, attribute(PEER, xor_address((options.peer_host, options.deaf_port))))
    slowest = 0
    while time.monotonic() - started < 5:
        begun = time.monotonic()
        other, data, peer = joined()
        exchange(data, peer)
        for end in (data, peer, other):
            end.close()
        slowest = max(slowest, time.monotonic() - begun)
    expect(slowest < 0.5, f"another client waited {slowest:.3f} s")
    expect(not select.select([client.socket], [], [], 0)[0], "the Connect waits too")
    expect(ended(unbound), "what nobody binds is closed")
    expect(29 < time.monotonic() - started < 33, "after 30 seconds")
    client.socket.settimeout(60)
    answer = client.answer(deaf)
    expect(answer.attributes[9][2:4] == bytes((4, 47)), "the deaf peer is told of by 447")
    expect(30 <= time.monotonic() - started < 33, "after 30 seconds")


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


parser = argparse.ArgumentParser()
parser.add_argument("scenario")
parser.add_argument("--server", type=address, required=True)
parser.add_argument("--peer-host", required=True)
parser.add_argument("--deaf-port", type=int, default=9)
parser.add_argument("--pid", type=int)
parser.add_argument("--tls", action="store_true")
options = parser.parse_args()
globals()[options.scenario.replace("-", "_")]()
