"""A TURN client over TCP or TLS with RFC 6062, and one over UDP, as much as the tests need of it."""
import collections
import hashlib
import hmac
import os
import socket
import ssl
import struct

COOKIE = 0x2112A442
ALLOCATE, REFRESH, CREATE_PERMISSION, CONNECT, CONNECTION_BIND, CONNECTION_ATTEMPT = 3, 4, 8, 10, 11, 12
REQUEST, INDICATION, SUCCESS, ERROR = 0, 1, 2, 3
USERNAME, INTEGRITY, ERROR_CODE, LIFETIME, PEER, REALM, NONCE = 6, 8, 9, 0x0D, 0x12, 0x14, 0x15
RELAYED, REQUESTED_FAMILY, TRANSPORT, CONNECTION_ID = 0x16, 0x17, 0x19, 0x2A

Message = collections.namedtuple("Message", "method kind transaction attributes")


class Refused(Exception):
    """The server's error response; the code is its first argument."""


def packed_type(method, kind):
    return method & 0xF | (method & 0x70) << 1 | (method & 0xF80) << 2 | (kind & 1) << 4 | (kind & 2) << 7


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def message(method, kind, attributes, transaction=None):
    return struct.pack("!HHI", packed_type(method, kind), len(attributes), COOKIE) + \
        (transaction or os.urandom(12)) + attributes


def parse(data):
    kind, _, _, transaction = struct.unpack("!HHI12s", data[:20])
    attributes, at = {}, 20
    while at < len(data):
        name, size = struct.unpack_from("!HH", data, at)
        attributes.setdefault(name, data[at + 4:at + 4 + size])
        at += 4 + size + -size % 4
    method = kind & 0xF | (kind & 0xE0) >> 1 | (kind & 0x3E00) >> 2
    return Message(method, (kind >> 4 & 1) | (kind >> 7 & 2), transaction, attributes)


def masked(ip, transaction):
    return bytes(a ^ b for a, b in zip(ip, struct.pack("!I", COOKIE) + transaction))


def xor_address(address, transaction=bytes(12)):
    """The value of an XOR address attribute; of IPv6 it depends on the message's transaction."""
    host, port = address[:2]
    is_v6 = ":" in host
    ip = socket.inet_pton(socket.AF_INET6 if is_v6 else socket.AF_INET, host)
    return struct.pack("!xBH", 2 if is_v6 else 1, port ^ COOKIE >> 16) + masked(ip, transaction)


def plain_address(value, transaction=bytes(12)):
    family, port = struct.unpack_from("!xBH", value)
    kind = socket.AF_INET6 if family == 2 else socket.AF_INET
    return socket.inet_ntop(kind, masked(value[4:], transaction)), port ^ COOKIE >> 16


class Connection:
    """One connection to the server: messages with credentials until it carries data."""

    def __init__(self, server, tls=False, user="u", password="p"):
        self.server, self.tls, self.user, self.password = server, tls, user, password
        self.socket = socket.create_connection(server, timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.realm = self.nonce = None
        self.indications = collections.deque()

    def signed(self, method, attributes, transaction=None):
        if self.nonce:
            attributes += attribute(USERNAME, self.user.encode()) + attribute(REALM, self.realm) + \
                attribute(NONCE, self.nonce)
            key = hashlib.md5(self.user.encode() + b":" + self.realm + b":" + self.password.encode()).digest()
            data = message(method, REQUEST, attributes, transaction)
            data = data[:2] + struct.pack("!H", len(attributes) + 24) + data[4:]
            return data + attribute(INTEGRITY, hmac.new(key, data, hashlib.sha1).digest())
        return message(method, REQUEST, attributes, transaction)

    def receive_exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError("the connection has ended")
            data += more
        return data

    def receive(self):
        header = self.receive_exactly(20)
        return parse(header + self.receive_exactly(struct.unpack("!H", header[2:4])[0]))

    def send_request(self, method, attributes=b"", behind=b""):
        """Its transaction; `behind` follows in the same write."""
        data = self.signed(method, attributes)
        self.socket.sendall(data + behind)
        return data[8:20]

    def about_peer(self, method, peer, attributes=b""):
        """A request that names a peer of either family: its success response."""
        transaction = os.urandom(12)
        named = attribute(PEER, xor_address(peer, transaction))
        self.socket.sendall(self.signed(method, attributes + named, transaction))
        got = self.answer(transaction)
        if got.kind != SUCCESS:
            raise Refused(got.attributes[ERROR_CODE])
        return got

    def allocate_udp(self):
        """A relayed address of the server's own family; the credentials are good from then on."""
        family = attribute(REQUESTED_FAMILY, b"\2\0\0\0") if ":" in self.server[0] else b""
        got = self.request(ALLOCATE, attribute(TRANSPORT, b"\x11\0\0\0") + family)
        self.relayed = plain_address(got[RELAYED], self.transaction)
        return self

    def answer(self, transaction):
        while True:
            got = self.receive()
            if got.kind == INDICATION:
                self.indications.append(got)
            elif got.transaction == transaction:
                return got

    def request(self, method, attributes=b"", behind=b""):
        """The attributes of the success response."""
        got = self.answer(self.send_request(method, attributes, behind))
        if got.kind == ERROR:
            code = got.attributes[ERROR_CODE]
            code = code[2] * 100 + code[3]
            if code in (401, 438) and not (code == 401 and self.nonce):
                self.realm, self.nonce = got.attributes[REALM], got.attributes[NONCE]
                return self.request(method, attributes, behind)
            raise Refused(code)
        self.transaction = got.transaction
        return got.attributes

    def close(self):
        self.socket.close()


class UdpClient(Connection):
    """Over UDP to a server that loses nothing: a message is a datagram."""

    def __init__(self, server, user="u", password="p"):
        self.server, self.tls, self.user, self.password = server, False, user, password
        self.socket = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(server)
        self.socket.settimeout(20)
        self.realm = self.nonce = None
        self.indications = collections.deque()

    def receive(self):
        return parse(self.socket.recv(65535))


class Control(Connection):
    """A control connection with a TCP allocation."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.relayed = plain_address(self.request(ALLOCATE, attribute(TRANSPORT, b"\x06\0\0\0"))[RELAYED])

    def permit(self, host):
        self.request(CREATE_PERMISSION, attribute(PEER, xor_address((host, 0))))

    def connect(self, peer):
        return self.request(CONNECT, attribute(PEER, xor_address(peer)))[CONNECTION_ID]

    def attempt(self):
        """(peer, connection id) of the next ConnectionAttempt."""
        while not self.indications:
            self.indications.append(self.receive())
        got = self.indications.popleft().attributes
        return plain_address(got[PEER]), got[CONNECTION_ID]

    def data(self, connection_id, early=b"", **options):
        """A new connection's socket, joined with the peer's."""
        new = Connection(self.server, **{"tls": self.tls, "user": self.user, "password": self.password, **options})
        new.realm, new.nonce = self.realm, self.nonce
        new.request(CONNECTION_BIND, attribute(CONNECTION_ID, connection_id), early)
        return new.socket
