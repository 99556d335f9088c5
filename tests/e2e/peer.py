#!/usr/bin/env python3
"""Small peers for the end-to-end tests. Each command ends by itself; every wait has a bound."""

import argparse
import hashlib
import socket
import sys
import time

IP_RECVERR = 11
PATTERN = bytes(range(256)) * 256


def endpoint(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def family_of(address):
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def tcp_server(at):
    return socket.create_server(endpoint(at), family=family_of(endpoint(at)))


def udp_socket(source, timeout):
    sock = socket.socket(family_of(endpoint(source)), socket.SOCK_DGRAM)
    sock.bind(endpoint(source))
    sock.settimeout(timeout)
    return sock


def udp_echo(args):
    """Answers each datagram with the address it was seen from; "via PORT" is answered from that port instead."""
    sock = udp_socket(args.at, args.seconds)
    print("ready", flush=True)
    while True:
        data, seen = sock.recvfrom(65536)
        reply = "%s:%d %s" % (seen[0], seen[1], hashlib.sha256(data).hexdigest()[:8])
        words = data[:64].split()
        if len(words) == 2 and words[0] == b"via":
            with udp_socket("0.0.0.0:%d" % int(words[1]), 1) as other:
                other.sendto(reply.encode(), seen)
        else:
            sock.sendto(reply.encode(), seen)


def udp_ask(args):
    """Sends a text and prints the answer and where it came from."""
    sock = udp_socket(args.at, args.seconds)
    text = args.text.encode() if not args.size else PATTERN[: args.size]
    sock.sendto(text, endpoint(args.to))
    data, seen = sock.recvfrom(65536)
    print(data.decode().split()[0], "from", "%s:%d" % seen[:2])


def udp_wait(args):
    """Opens a mapping towards `to`, prints what the echo saw, then prints who sends to it first."""
    sock = udp_socket(args.at, args.seconds)
    sock.sendto(b"open", endpoint(args.to))
    print("mapped", sock.recvfrom(65536)[0].decode().split()[0], flush=True)
    data, seen = sock.recvfrom(65536)
    print("received", data.decode(), "from", "%s:%d" % seen[:2], flush=True)
    sock.sendto(b"back", seen)


def udp_late_echo(args):
    """Answers each datagram four times, with pauses of as many seconds as it says."""
    sock = udp_socket(args.at, args.seconds)
    print("ready", flush=True)
    while True:
        pause, seen = sock.recvfrom(65536)
        for number in range(1, 5):
            sock.sendto(b"%d" % number, seen)
            time.sleep(float(pause))


def udp_late(args):
    """Sends once and prints all that comes until the time is over, at most four."""
    sock = udp_socket(args.at, args.seconds)
    sock.sendto(args.text.encode(), endpoint(args.to))
    got = []
    deadline = time.monotonic() + args.seconds
    while len(got) < 4 and (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            got.append(sock.recv(2048).decode())
        except socket.timeout:
            break
    print(*got)


def udp_collect(args):
    """Prints each datagram as a line."""
    sock = udp_socket(args.at, args.seconds)
    print("ready", flush=True)
    while True:
        print(sock.recv(65536).decode(), flush=True)


def udp_silence(args):
    """Succeeds if nothing, and no ICMP error either, answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(args.seconds)
        sock.connect(endpoint(args.to))
        sock.send(b"hello")
        try:
            sock.recv(2048)
        except socket.timeout:
            return
    sys.exit("something answered")


def ttl_exceeded(args):
    """Sends a datagram with the given TTL and prints who said ICMP 11/0."""
    sock = udp_socket("0.0.0.0:0", args.seconds)
    sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, args.ttl)
    sock.sendto(b"probe", endpoint(args.to))
    deadline = time.monotonic() + args.seconds
    while time.monotonic() < deadline:
        try:
            _, control, _, _ = sock.recvmsg(2048, 2048, socket.MSG_ERRQUEUE)
        except BlockingIOError:
            time.sleep(0.02)
            continue
        error = control[0][2]
        kind, code = error[5], error[6]
        print("%d/%d from %s" % (kind, code, socket.inet_ntoa(error[20:24])))
        return
    sys.exit("no ICMP error")


def tcp_sink(args):
    """Takes one connection, prints the digest of what came and the peer's address."""
    with tcp_server(args.at) as server:
        server.settimeout(args.seconds)
        print("ready", flush=True)
        connection, seen = server.accept()
        digest, size = hashlib.sha256(), 0
        with connection:
            connection.settimeout(args.seconds)
            while data := connection.recv(1 << 16):
                digest.update(data)
                size += len(data)
        print("received", size, digest.hexdigest(), "from", seen[0], flush=True)


def tcp_source(args):
    """Connects and sends so many bytes; prints their digest."""
    digest, left = hashlib.sha256(), args.size
    block = hashlib.sha256(args.to.encode()).digest() * 2048
    with socket.create_connection(endpoint(args.to), args.seconds) as connection:
        while left:
            part = block[: min(left, len(block))]
            connection.sendall(part)
            digest.update(part)
            left -= len(part)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
    print("sent", args.size, digest.hexdigest())


def tcp_serve(args):
    """Takes one connection and sends it so many bytes; prints their digest."""
    with tcp_server(args.at) as server:
        server.settimeout(args.seconds)
        print("ready", flush=True)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(args.seconds)
            data = hashlib.sha256(args.at.encode()).digest() * (args.size // 32)
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)
        print("sent", len(data), hashlib.sha256(data).hexdigest(), flush=True)


def tcp_listen(args):
    """Takes connections and ends them."""
    with tcp_server(args.at) as server:
        server.settimeout(args.seconds)
        print("ready", flush=True)
        while True:
            server.accept()[0].close()


def tcp_segment_serve(args):
    """Takes connections and says how large the segments are that it may send there."""
    with tcp_server(args.at) as server:
        server.settimeout(args.seconds)
        print("ready", flush=True)
        while True:
            with server.accept()[0] as connection:
                connection.sendall(b"%d" % connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))


def tcp_segment_ask(args):
    """Connects and prints how large segments may be: its own, and the server's."""
    with socket.create_connection(endpoint(args.to), args.seconds) as connection:
        own = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
        print(own, connection.recv(16).decode())


def tcp_fetch(args):
    """Connects and prints the digest of what comes."""
    digest, size = hashlib.sha256(), 0
    with socket.create_connection(endpoint(args.to), args.seconds) as connection:
        while data := connection.recv(1 << 16):
            digest.update(data)
            size += len(data)
    print("received", size, digest.hexdigest())


def tcp_say(args):
    """Takes connections, says the text and ends them."""
    with tcp_server(args.at) as server:
        server.settimeout(args.seconds)
        print("ready", flush=True)
        while True:
            with server.accept()[0] as connection:
                try:
                    connection.sendall(args.text.encode())
                except OSError:
                    pass


def tcp_hear(args):
    """Connects from an address and prints what is said."""
    with socket.create_connection(endpoint(args.to), args.seconds, endpoint(args.at)) as connection:
        sys.stdout.write(connection.recv(1024).decode() + "\n")  # in one piece, for several at a time


def raw_echo(args):
    """Sends the payload of each packet of an IP protocol back, with the SPI that ESP would have: another one."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, args.protocol) as sock:
        sock.settimeout(args.seconds)
        print("ready", flush=True)
        while True:
            packet, seen = sock.recvfrom(65536)
            payload = packet[(packet[0] & 15) * 4:]
            sock.sendto(bytes([payload[0] ^ 0x40]) + payload[1:], seen)


def raw_ask(args):
    """Sends a packet of an IP protocol and prints whom the answer is addressed to."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, args.protocol) as sock:
        sock.settimeout(args.seconds)
        sock.sendto(b"\x10\x00\x00\x01" + bytes(28), (args.to, 0))
        print(socket.inet_ntoa(sock.recv(65536)[16:20]))


def ftp_serve(args):
    """An FTP server (RFC 959) for one session in active mode: whatever is asked for, it is the text."""
    with tcp_server(args.at) as server:
        server.settimeout(args.seconds)
        print("ready", flush=True)
        control = server.accept()[0]
        control.settimeout(args.seconds)
        lines, target = control.makefile("rw", newline=""), None

        def say(text):
            lines.write(text + "\r\n")
            lines.flush()

        say("220 ready")
        for line in lines:
            command, _, value = line.strip().partition(" ")
            if command == "PORT":
                numbers = value.split(",")
                target = (".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5]))
                print("told", "%s:%d" % target, flush=True)
            if command == "RETR":
                say("150 coming")
                try:
                    with socket.create_connection(target, 1.5) as data:
                        data.sendall(args.text.encode())
                    say("226 done")
                except OSError:
                    say("425 cannot connect")
            else:
                say({"USER": "331 password?", "PASS": "230 welcome", "QUIT": "221 bye"}.get(command, "200 ok"))


def ftp_get(args):
    """Fetches a file in active mode and prints it, or what went wrong."""
    import ftplib

    got, ftp = [], ftplib.FTP(timeout=args.seconds)
    try:
        ftp.connect(*endpoint(args.to))
        ftp.login("user", "password")
        ftp.set_pasv(False)
        ftp.retrbinary("RETR file", got.append)
        print(b"".join(got).decode())
    except (ftplib.Error, OSError):
        print("failed")
    ftp.close()


def dns_serve(args):
    """Answers every A query with the text, an IPv4 address; knows nothing else."""
    sock = udp_socket(args.at, args.seconds)
    print("ready", flush=True)
    while True:
        query, seen = sock.recvfrom(4096)
        is_a = query[-4:-2] == b"\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(args.text) if is_a else b""
        sock.sendto(query[:2] + b"\x81\x80\0\1\0" + bytes([int(is_a)]) + bytes(4) + query[12:] + answer, seen)


def dns_ask(args):
    """Asks for the AAAA record of example.org and prints the last address of the answer."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.settimeout(args.seconds)
        sock.sendto(b"\x12\x34\1\0\0\1" + bytes(6) + b"\7example\3org\0\0\x1c\0\1", endpoint(args.to))
        print(socket.inet_ntop(socket.AF_INET6, sock.recv(4096)[-16:]))


def tcp_outcome(args):
    """Prints how a connection attempt ends: connected, refused, unreachable, timeout."""
    try:
        socket.create_connection(endpoint(args.to), args.seconds).close()
        print("connected")
    except ConnectionRefusedError:
        print("refused")
    except socket.timeout:
        print("timeout")
    except OSError as error:
        print("unreachable" if error.errno in (101, 113) else error)


COMMANDS = [udp_echo, udp_ask, udp_wait, udp_late_echo, udp_late, udp_collect, udp_silence, ttl_exceeded, tcp_sink,
            tcp_source, tcp_serve, tcp_segment_serve, tcp_segment_ask, tcp_listen, tcp_fetch, tcp_say,
            tcp_hear, tcp_outcome, raw_echo, raw_ask, ftp_serve, ftp_get, dns_serve, dns_ask]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=[c.__name__.replace("_", "-") for c in COMMANDS])
    parser.add_argument("--at", default="0.0.0.0:0")
    parser.add_argument("--to")
    parser.add_argument("--text", default="hello")
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--ttl", type=int, default=1)
    parser.add_argument("--protocol", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    try:
        globals()[args.command.replace("-", "_")](args)
    except (socket.timeout, ConnectionError) as error:
        sys.exit("%s: %s" % (args.command, error))


main()
