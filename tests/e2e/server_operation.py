#!/usr/bin/env python3
"""What an operator does with a running server, seen by its clients: one scenario a run.

server_operation.py SCENARIO --server HOST:PORT --tls HOST:PORT --peer-hosts A,B --pid PID --config FILE --log FILE
"""
import argparse
import os
import signal
import socket
import ssl
import time

from turn_client import (ALLOCATE, COOKIE, CREATE_PERMISSION, INDICATION, LIFETIME, PEER, REFRESH, RELAYED, REQUEST,
                         TRANSPORT, Connection, Control, Refused, attribute, message, parse, plain_address, xor_address)

BINDING, SEND, DATA = 1, 6, 0x13
PATIENCE = 20  # seconds, for a machine that is busy with something else


def expect(holds, what):
    if not holds:
        raise AssertionError(what)


def await_that(what, holds):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not in {PATIENCE} s: {what}")


def refused(code, call, *arguments):
    try:
        call(*arguments)
    except Refused as error:
        return expect(error.args[0] == code, f"{code} was wanted, {error.args[0]} came")
    raise AssertionError(f"{code} was wanted, success came")


def log_lines():
    with open(options.log, encoding="utf-8") as log:
        return log.read().splitlines()


def say(number, event):
    """Sends the server a signal, and gives the lines that it logs up to the one about `event`."""
    before = len(log_lines())
    os.kill(options.pid, number)
    await_that(f"a line about {event}", lambda: any(f" {event} " in line for line in log_lines()[before:]))
    return log_lines()[before:]


class Peer:
    """A UDP peer on one of our addresses."""

    def __init__(self, host):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(PATIENCE)
        self.address = self.socket.getsockname()

    def hear(self):
        return self.socket.recv(65536)

    def say(self, to, data):
        self.socket.sendto(data, to)


class Client(Connection):
    """A client over TCP with an allocation that relays UDP."""

    def __init__(self, user, password="pass"):
        super().__init__(options.server, user=user, password=password)
        self.relayed = plain_address(self.request(ALLOCATE, attribute(TRANSPORT, b"\x11\0\0\0"))[RELAYED])

    def permit(self, peer):
        self.request(CREATE_PERMISSION, attribute(PEER, xor_address(peer.address)))

    def send(self, peer, data):
        self.socket.sendall(message(SEND, INDICATION, attribute(PEER, xor_address(peer.address)) + attribute(DATA, data)))

    def hear(self):
        """The next peer's datagram."""
        while not self.indications:
            self.indications.append(self.receive())
        return self.indications.popleft().attributes[DATA]

    def exchange(self, peer):
        self.send(peer, b"to the peer")
        expect(peer.hear() == b"to the peer", "something else came to the peer")
        peer.say(self.relayed, b"to the client")
        got = self.hear()
        expect(got == b"to the client", f"{got!r} came to the client")

    def refresh(self, seconds=600):
        self.request(REFRESH, attribute(LIFETIME, seconds.to_bytes(4, "big")))


def write_config(*lines, **replaced):
    with open(options.config, "w", encoding="utf-8") as file:
        file.write("\n".join((*base(**replaced), *lines)) + "\n")


def base(users=("alice", "carol"), cert="cert.pem", key="key.pem", threads=2):
    host = options.server[0]
    folder = os.path.dirname(options.config)
    names = ", ".join(f'"{name}:pass"' for name in users)
    return (f'listen = "{host}:{options.server[1]}"', f'listen-tls = "{host}:{options.tls[1]}"',
            f'cert = "{folder}/{cert}"', f'key = "{folder}/{key}"', 'realm = "test"', f"user = [{names}]",
            f'users = "{folder}/users.db"', 'allow-peer = "203.0.113.0/24"', f"threads = {threads}",
            f'control = "{folder}/control"')


def reload(*lines, **replaced):
    write_config(*lines, **replaced)
    return say(signal.SIGHUP, "reloaded")


def first_config():
    write_config()


def reload_peers():
    """What is denied now ends, also where it was in use; all else goes on."""
    kept, denied = (Peer(host) for host in options.peer_hosts)
    client = Client("alice")
    for peer in (kept, denied):
        client.permit(peer)
        client.exchange(peer)
    over_tcp = Control(options.server, user="alice", password="pass")
    with socket.create_server((options.peer_hosts[1], 0)) as ear:
        data = over_tcp.data(over_tcp.connect(ear.getsockname()))
        other_end, _ = ear.accept()
    data.sendall(b"x")
    expect(other_end.recv(1) == b"x", "the data connection does not carry")

    reload(f'deny-peer = "{options.peer_hosts[1]}/32"')
    data.settimeout(PATIENCE)
    try:
        expect(data.recv(1) == b"", "a connection with a peer that is denied now goes on")
    except ConnectionResetError:
        pass
    denied.say(client.relayed, b"denied")
    client.exchange(kept)  # would hear the other one first
    refused(403, client.permit, denied)
    client.send(denied, b"denied")
    client.exchange(kept)
    denied.socket.setblocking(False)
    try:
        raise AssertionError(f"{denied.hear()!r} came to a peer that is denied")
    except BlockingIOError:
        pass
    reload()
    client.permit(denied)
    denied.socket.settimeout(PATIENCE)
    client.exchange(denied)
    for each in (client, over_tcp):
        each.close()


def reload_clients():
    """A client that is denied now loses its allocation and gets no answer until it is served again."""
    client = Client("alice")
    reload('deny-client = "203.0.113.0/24"')
    await_that("the allocation ends", lambda: any("reason=closed" in line for line in log_lines()))
    with socket.create_connection(options.server, timeout=PATIENCE) as refused_one:
        try:
            expect(refused_one.recv(1) == b"", "a client that is denied is answered")
        except ConnectionResetError:
            pass
    reload('deny-client = "203.0.113.0/24"', 'allow-client = "203.0.113.2"')
    Client("alice").close()
    reload()
    client.close()


def reload_users():
    """A new user is served, a former one is not; a changed quota counts."""
    alice, carol = Client("alice"), Client("carol")
    refused(401, Client, "bob")
    reload("user-quota = 1", users=("alice", "bob"))
    refused(401, carol.refresh)
    refused(401, Client, "carol")
    alice.refresh()
    bob = Client("bob")
    refused(486, Client, "bob")
    reload(users=("alice", "bob"))
    second = Client("bob")
    for each in (alice, carol, bob, second):
        each.close()


def reload_errors():
    """A file that cannot be used changes nothing, and is told in one line with the place."""
    alice = Client("alice")
    for line, replaced, told in (('lisen = "x"', {}, ":11:1: there is no key 'lisen'"),
                                 ("user-quota = -1", {}, ":11:14: --user-quota"),
                                 ('deny-peer = "x"', {}, ":11:13: --deny-peer 'x' is not a CIDR block"),
                                 ("x =", {}, ":11:"),
                                 ("", {"cert": "none.pem"}, ":3:8: cannot read the certificate")):
        write_config(line, users=("dave",), **replaced)
        said = say(signal.SIGHUP, "not-reloaded")
        expect(len(said) == 1 and " error " in said[0], said)
        expect(f"{options.config}{told}" in said[0] and "nothing has changed" in said[0], said)
        alice.refresh()
        refused(401, Client, "dave")
    alice.close()


def reload_restart():
    """What takes a restart is told, and all else is in force."""
    said = "\n".join(reload("user-quota = 1", 'relay-ports = "50000-50100"', threads=1))
    for flag in ("threads", "relay-ports"):
        expect(f"restart-needed message=\"--{flag} has another value; it takes a restart\"" in said, said)
    alice = Client("alice")
    refused(486, Client, "alice")
    alice.close()
    expect("restart-needed" not in "\n".join(reload()), "nothing is different any more")


def served_certificate():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(options.tls, timeout=PATIENCE) as plain, context.wrap_socket(plain) as secured:
        return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True)).strip()


def reload_certificate():
    """Another certificate file is served from then on."""
    def of_file(name):
        with open(os.path.join(os.path.dirname(options.config), name), encoding="ascii") as file:
            return file.read().strip()
    expect(served_certificate() == of_file("cert.pem"), "it serves another certificate")
    reload(cert="other_cert.pem", key="other_key.pem")
    expect(served_certificate() == of_file("other_cert.pem"), "it serves another certificate")
    reload()
    expect(served_certificate() == of_file("cert.pem"), "it serves another certificate")


def reload_log():
    """Clients' addresses are told at the level debug alone, which counts from then on."""
    reload()
    Client("alice").close()
    reload('log-level = "debug"')
    before = len(log_lines())
    Client("alice").close()
    await_that("the allocation is told", lambda: any(" allocation-ended " in line for line in log_lines()[before:]))
    debug, info = log_lines()[before:], log_lines()[:before]
    expect(any(" debug request-refused method=Allocate code=401 transport=tcp client=203.0.113.2:" in line
               for line in debug), debug)
    expect(not any(" debug " in line for line in info), info)
    expect(any("client=203.0.113.2:" in line for line in debug), debug)
    expect(not any("203.0.113.2" in line for line in info), info)
    reload()


def user_is(name, known):
    def holds():
        try:
            Client(name, "pass").close()
            return known
        except Refused as error:
            return error.args[0] == 401 and not known
    await_that(f"{name} is {'known' if known else 'unknown'}", holds)


def is_known():
    user_is("stored", True)


def is_unknown():
    user_is("stored", False)


def binding_over_udp():
    plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plain.connect(options.server)
    plain.settimeout(PATIENCE)
    plain.send(message(BINDING, REQUEST, b""))
    return int.from_bytes(plain.recv(2048)[4:8], "big") == COOKIE


def drain():
    """New allocations are refused, the one that there is goes on, and its end is the server's."""
    peer = Peer(options.peer_hosts[0])
    client = Client("alice")
    client.permit(peer)
    waiting = Connection(options.server, user="alice", password="pass")
    say(signal.SIGTERM, "draining")
    refused(508, waiting.request, ALLOCATE, attribute(TRANSPORT, b"\x11\0\0\0"))
    expect(binding_over_udp(), "Binding is not answered")
    client.refresh()
    client.permit(peer)
    client.exchange(peer)
    client.refresh(0)


def hold():
    """An allocation that stays until we are killed; where it is, and where its peer is."""
    peer = Peer(options.peer_hosts[0])
    client = Client(options.user)
    client.permit(peer)
    client.exchange(peer)
    print("%s:%d %s:%d" % (*client.relayed, *peer.address), flush=True)
    signal.pause()


def bandwidth():
    """Of what two allocations are sent at once no more passes than the rate and what the buckets hold."""
    datagram = 1000
    buckets, bucket = 1 if options.shared else 2, options.rate // 4
    peer = Peer(options.peer_hosts[0])
    clients = [Client("alice"), Client("alice")]
    for client in clients:
        client.permit(peer)
    start = time.monotonic()
    for _ in range(3 * bucket // datagram):
        for client in clients:
            client.send(peer, bytes(datagram))
    for client in clients:
        client.refresh()  # answered when all before it has been handled
    elapsed = time.monotonic() - start
    peer.socket.setblocking(False)
    heard = 0
    try:
        while True:
            heard += len(peer.hear())
    except BlockingIOError:
        pass
    expect(heard >= buckets * bucket, f"{heard} bytes, less than what the buckets hold")
    expect(heard <= buckets * (bucket + options.rate * elapsed + 2 * datagram), f"{heard} bytes in {elapsed} s")
    for client in clients:
        client.close()


def bandwidth_tcp():
    """A connection is not read faster than the rate; nothing of it is lost."""
    size = 3 * options.rate
    client = Control(options.server, user="alice", password="pass")
    with socket.create_server((options.peer_hosts[0], 0)) as ear:
        data = client.data(client.connect(ear.getsockname()))
        peer, _ = ear.accept()
    peer.settimeout(PATIENCE)
    data.settimeout(PATIENCE)
    start = time.monotonic()
    data.sendall(bytes(size))
    data.shutdown(socket.SHUT_WR)
    heard = 0
    while got := peer.recv(65536):
        heard += len(got)
    elapsed = time.monotonic() - start
    expect(heard == size, f"{heard} of {size} bytes came")
    allowed = options.rate * (elapsed + 0.25) + 4 * 16384 * 2
    expect(size <= allowed, f"{size} bytes in {elapsed} s")
    client.close()


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


parser = argparse.ArgumentParser()
parser.add_argument("scenario")
parser.add_argument("--server", type=address, required=True)
parser.add_argument("--tls", type=address)
parser.add_argument("--peer-hosts", type=lambda text: text.split(","))
parser.add_argument("--pid", type=int)
parser.add_argument("--config")
parser.add_argument("--log")
parser.add_argument("--user", default="alice")
parser.add_argument("--rate", type=int)
parser.add_argument("--shared", action="store_true")
options = parser.parse_args()
globals()[options.scenario.replace("-", "_")]()
