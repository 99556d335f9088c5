#!/usr/bin/env python3
"""Clients over TCP, TLS and DTLS, good and bad: one scenario a run. The server's process is watched.

transports.py SCENARIO --server HOST:PORT --pid PID [--peer-host HOST] [--folder FOLDER] [--log FILE] [--tls]
"""
import argparse
import os
import random
import select
import socket
import ssl
import struct
import subprocess
import time

from turn_client import ALLOCATE, CREATE_PERMISSION, PEER, RELAYED, REQUEST, TRANSPORT, Connection, attribute, message
from turn_client import parse, plain_address, xor_address

MEGABYTE = 1 << 20
BINDING, MAPPED = 1, 0x20


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def resident_bytes():
    with open(f"/proc/{options.pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def client(**more):
    return Connection(options.server, tls=options.tls, **more)


def mapped(connection):
    return plain_address(connection.request(BINDING)[MAPPED])


def served_at_once(what):
    begun = time.monotonic()
    connection = client()
    mapped(connection)
    connection.close()
    took = time.monotonic() - begun
    expect(took < 1, f"{what}: another client waited {took:.3f} s")


def has_ended(sock):
    try:
        return sock.recv(65536) == b""
    except ConnectionError:
        return True


def one_port():
    """The same port serves plain and TLS, at the same time."""
    for tls in (False, True, False, True):
        connection = Connection(options.server, tls=tls)
        expect(mapped(connection) == connection.socket.getsockname(), "the mapped address is ours")


def slow_reader():
    """Who does not read costs a bounded queue, and no other client's time. When he reads he gets whole messages, and
    what has just been sent."""
    slow = client()
    relayed = plain_address(slow.request(ALLOCATE, attribute(TRANSPORT, b"\x11\0\0\0"))[RELAYED])
    slow.request(CREATE_PERMISSION, attribute(PEER, xor_address((options.peer_host, 0))))
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    peer.bind((options.peer_host, 0))
    before = resident_bytes()
    for i in range(60):
        for _ in range(500):
            peer.sendto(bytes(1000), relayed)
        time.sleep(0.02)
        if i % 20 == 0:
            served_at_once("while one does not read")
    grown = resident_bytes() - before
    expect(grown < 4 * MEGABYTE, f"30 MB for a client that does not read made the server grow by {grown} bytes")
    time.sleep(1.5)
    peer.sendto(b"young", relayed)
    received, last = 0, None
    while last is None or b"young" not in last:
        got = slow.receive()
        last = got.attributes[0x13]
        received += 1
    print(f"grown by {grown} bytes, {received} of 30001 messages arrived")
    expect(received < 30001, "nothing was dropped: the test was too small")


def idle():
    """2,000 connections that say nothing, or begin and stop, cost little and keep nobody out; they are closed in time."""
    before = resident_bytes()
    openings = (b"", b"\0\1\0\0\x21\x12", b"\x16\3\1\2\0", b"\x16\3\1\2\0\1\0\1\xfc\3\3")
    idlers = []
    begun = time.monotonic()
    for i in range(2000):
        sock = socket.create_connection(options.server, timeout=10)
        sock.sendall(openings[i % len(openings)])
        idlers.append(sock)
    served_at_once("among 2,000 idle ones")
    grown = resident_bytes() - before
    expect(time.monotonic() - begun < 5, "too slow to be idle together")
    expect(grown < 24 * MEGABYTE, f"2,000 idle connections made the server grow by {grown} bytes")
    print(f"{grown / 2000:.0f} bytes each")
    for sock in idlers:
        sock.settimeout(begun + 10 - time.monotonic())
        expect(has_ended(sock), "an idle connection is closed")


def behind_balancer():
    """What a balancer says is the client's address; what it says wrongly ends the connection."""
    source = struct.pack("!4s4sHH", socket.inet_aton("192.0.2.7"), socket.inet_aton("198.51.100.1"), 40000, 443)
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", len(source)) + source

    def connect(first, tls=False):
        sock = socket.create_connection(options.server, timeout=10)
        for i in range(len(first)):  # however it comes
            sock.sendall(first[i:i + 1])
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            sock = context.wrap_socket(sock)
        connection = Connection.__new__(Connection)
        connection.__dict__.update(socket=sock, nonce=None)
        return connection

    for tls in (False, True):
        connection = connect(header, tls)
        expect(mapped(connection) == ("192.0.2.7", 40000), "the client is whom the balancer names")
        connection.close()
    own = connect(b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")
    expect(mapped(own) == own.socket.getsockname(), "a health check is the balancer's own")
    line = connect(b"PROXY TCP4 192.0.2.9 198.51.100.1 5000 443\r\n")
    expect(mapped(line) == ("192.0.2.9", 5000), "version 1 is understood, too")
    for wrong in (message(BINDING, REQUEST, b""), b"\r\n\r\n\0\r\nQUIT\n\x21\x13\0\0", b"PROXY nobody\r\n"):
        sock = socket.create_connection(options.server, timeout=10)
        sock.sendall(wrong)
        expect(has_ended(sock), "a malformed header ends the connection")


def not_a_balancer():
    """A PROXY header from anybody else is not believed."""
    sock = socket.create_connection(options.server, timeout=10)
    sock.sendall(b"PROXY TCP4 192.0.2.9 198.51.100.1 5000 443\r\n" + message(BINDING, REQUEST, b""))
    expect(has_ended(sock), "it is neither STUN nor ChannelData")
    direct = client()
    expect(mapped(direct) == direct.socket.getsockname(), "who connects directly needs no header")


def reload():
    """New connections get the new certificate, old ones go on; a bad file changes nothing and is told of once."""
    def certificate(connection):
        return connection.socket.getpeercert(True)

    def on_disk():
        with open(f"{options.folder}/cert.pem") as pem:
            return ssl.PEM_cert_to_DER_cert(pem.read())

    def log_lines():
        with open(options.log) as log:
            return sum("certificate" in line for line in log)

    old = client()
    before, lines = certificate(old), log_lines()
    expect(before == on_disk(), "the certificate is the file's")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=new", "-keyout",
                    f"{options.folder}/new.key", "-out", f"{options.folder}/new.pem"], check=True, stderr=subprocess.DEVNULL)
    for new, name in (("new.key", "key.pem"), ("new.pem", "cert.pem")):
        os.rename(f"{options.folder}/{new}", f"{options.folder}/{name}")
    deadline = time.monotonic() + 5
    while certificate(client()) != on_disk():
        expect(time.monotonic() < deadline, "the new certificate is not in force after 5 s")
        time.sleep(0.1)
    mapped(old)
    after = on_disk()
    with open(f"{options.folder}/cert.pem", "w") as pem:
        pem.write("half a certi")
    time.sleep(3.5)
    expect(certificate(client()) == after, "a bad file changes nothing")
    mapped(old)
    expect(log_lines() - lines in (2, 3), f"the log has {log_lines() - lines} lines on it")  # 3: the two renames seen apart


# DTLS

def vector(size, data):
    return len(data).to_bytes(size, "big") + data


def client_hello(cookie=b"", sequence=0, padding=0, marker=b"\x11" * 32):
    """The body of a ClientHello that the server would go on with."""
    extensions = b""
    for number, data in ((10, vector(2, b"\0\x17\0\x1d")), (11, vector(1, b"\0")),
                         (13, vector(2, b"\4\3\x08\4\4\1")), (21, bytes(padding))):
        extensions += struct.pack("!H", number) + vector(2, data)
    body = b"\xfe\xfd" + marker + b"\0" + vector(1, cookie) + vector(2, b"\xc0\x2b\xc0\x2f") + b"\1\0" + vector(2, extensions)
    return body, sequence


def fragments(hello, size=10000):
    body, sequence = hello
    for at in range(0, len(body), size):
        part = body[at:at + size]
        handshake = b"\1" + len(body).to_bytes(3, "big") + struct.pack("!H", sequence) + at.to_bytes(3, "big") + vector(3, part)
        yield b"\x16\xfe\xff" + (sequence << 16 | at // size).to_bytes(8, "big") + vector(2, handshake)


def udp(host=""):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    sock.connect(options.server)
    sock.settimeout(1)
    return sock


def ask(sock, datagram):
    """The answer; what is lost, or held back from a prefix that asks too often, is asked for again."""
    for _ in range(4):
        sock.send(datagram)
        try:
            return sock.recv(2000)
        except TimeoutError:
            continue
    raise AssertionError("no answer")


def cookie_of(answer):
    expect(answer[0] == 22 and answer[13] == 3, "a HelloVerifyRequest")
    return answer[28:28 + answer[27]]


def half_open(sock, **hello):
    """Up to the server's flight, which it returns."""
    cookie = cookie_of(ask(sock, next(fragments(client_hello(**hello)))))
    return ask(sock, next(fragments(client_hello(cookie=cookie, sequence=1, **hello))))


def dtls_served():
    expect(half_open(udp())[13] == 2, "a ServerHello")


def dtls_noise():
    """Garbage and hellos with forged addresses make no state, and answers are smaller than what drew them."""
    random.seed(1)
    before = resident_bytes()
    sock = udp()
    for _ in range(20000):
        sock.send(bytes([random.randrange(20, 64)]) + random.randbytes(random.randrange(1, 200)))
    expect(not select.select([sock], [], [], 0.3)[0], "garbage is not answered")
    socks = [udp(f"203.0.113.{host}") for host in range(30, 60) for _ in range(10)]
    asked = answered = 0
    for sock in socks:
        for i in range(20):
            datagram = next(fragments(client_hello(marker=random.randbytes(32), padding=i * 10)))
            sock.send(datagram)
            asked += 1
            if select.select([sock], [], [], 0.5)[0]:
                answer = sock.recv(2000)
                answered += 1
                expect(len(answer) < len(datagram), "an answer is smaller than its hello")
    expect(answered > asked / 2, f"{answered} of {asked} hellos were answered")
    grown = resident_bytes() - before
    expect(grown < MEGABYTE, f"{asked} hellos and 20,000 datagrams of garbage made the server grow by {grown} bytes")
    dtls_served()
    print(f"{answered} of {asked} hellos were answered; grown by {grown} bytes")


def dtls_half_open():
    """Handshakes that are not finished are bounded, go in time, and keep nobody out."""
    before = resident_bytes()
    socks = []
    for _ in range(1500):
        socks.append(udp())
        half_open(socks[-1])
    grown = resident_bytes() - before
    expect(grown < 60 * MEGABYTE, f"1,500 unfinished handshakes made the server grow by {grown} bytes")
    dtls_served()
    print(f"grown by {grown} bytes")


def dtls_fragments():
    """A hello in many datagrams: the first one is answered, and with the cookie in it the handshake goes on."""
    sock = udp()
    hello = {"padding": 1300, "marker": os.urandom(32)}
    first, *rest = fragments(client_hello(**hello), 200)
    expect(len(rest) > 5, "there are many fragments")
    for fragment in (first, *rest):
        sock.send(fragment)
    cookie = cookie_of(sock.recv(2000))
    expect(not select.select([sock], [], [], 0.3)[0], "the other fragments are not answered")
    for fragment in fragments(client_hello(cookie=cookie, sequence=1, **hello), 200):
        sock.send(fragment)
    answer = sock.recv(2000)
    expect(answer[0] == 22 and answer[13] == 2, "a ServerHello")
    expect(int.from_bytes(answer[5:11], "big") == 1 << 16, "whose record has the sequence number of the hello's first one")


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


parser = argparse.ArgumentParser()
parser.add_argument("scenario")
parser.add_argument("--server", type=address, required=True)
parser.add_argument("--pid", type=int, required=True)
parser.add_argument("--peer-host")
parser.add_argument("--folder")
parser.add_argument("--log")
parser.add_argument("--tls", action="store_true")
options = parser.parse_args()
globals()[options.scenario.replace("-", "_")]()
