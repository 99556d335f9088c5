"""A proxy for the tests: HTTP CONNECT and SOCKS 5 on one port each, both for user u and password p.

proxy.py ADDRESS HTTP_PORT SOCKS_PORT: prints a line when it listens, and one for each tunnel."""
import base64
import ipaddress
import socket
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def tunnel(client, kind, host, port):
    server = socket.create_connection((host, port), timeout=5)
    server.settimeout(None)
    print(f"{kind} {host}:{port}", flush=True)
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    return server


def exactly(client, count):
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def serve_http(client):
    head = b""
    while b"\r\n\r\n" not in head:
        head += exactly(client, 1)
    request, *fields = head.decode().split("\r\n")
    method, target, _ = request.split(" ")
    user = "Basic " + base64.b64encode(b"u:p").decode()
    if f"Proxy-Authorization: {user}" not in fields:
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        return
    assert method == "CONNECT"
    host, port = target.rsplit(":", 1)
    server = tunnel(client, "http", host.strip("[]"), int(port))
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    pump(client, server)


def serve_socks(client):
    _, count = exactly(client, 2)
    if 2 not in exactly(client, count):
        client.sendall(b"\x05\xff")
        return
    client.sendall(b"\x05\x02")
    _, size = exactly(client, 2)
    user = exactly(client, size)
    password = exactly(client, exactly(client, 1)[0])
    if (user, password) != (b"u", b"p"):
        client.sendall(b"\x01\x01")
        return
    client.sendall(b"\x01\x00")
    _, command, _, kind = exactly(client, 4)
    assert command == 1
    host = str(ipaddress.ip_address(exactly(client, 4 if kind == 1 else 16)))
    port = int.from_bytes(exactly(client, 2), "big")
    server = tunnel(client, "socks5", host, port)
    client.sendall(b"\x05\x00\x00\x01" + bytes(6))
    pump(client, server)


def serve(client, how):
    with client:
        try:
            how(client)
        except (OSError, ValueError, AssertionError):
            pass


def listen(address, port, how):
    with socket.create_server((address, port)) as listener:
        print(f"listening {port}", flush=True)
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, how), daemon=True).start()


if __name__ == "__main__":
    address, http_port, socks_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    threading.Thread(target=listen, args=(address, socks_port, serve_socks), daemon=True).start()
    listen(address, http_port, serve_http)
