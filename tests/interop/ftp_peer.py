#!/usr/bin/env python3
"""FTP's two ends: pyftpdlib's server, and the client of Python's standard library.

ftp_peer.py serve ADDRESS FOLDER
ftp_peer.py ask ADDRESS passive|active|extended-passive|extended-active TIMES"""

import ftplib
import io
import os
import socket
import sys

PATTERN = bytes(i * 7 % 251 for i in range(100000))


def serve(address, folder):
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "pattern"), "wb") as file:
        file.write(PATTERN)
    FTPHandler.authorizer = DummyAuthorizer()
    FTPHandler.authorizer.add_anonymous(folder)
    # Data from below 1024 would be as old servers send them; ours come from any port, which a NAT has to expect.
    FTPHandler.permit_foreign_addresses = True
    # A thread for each client: with one loop for all, pyftpdlib at times stops half-way in a transfer when two clients
    # transfer at once (seen over loopback, too, in 2 of 60 runs).
    server = ThreadedFTPServer((address, 21), FTPHandler)
    print("ready", flush=True)
    server.serve_forever(handle_exit=False)


class ExtendedFtp(ftplib.FTP):
    """RFC 2428, which the standard library keeps for IPv6."""

    def makepasv(self):
        return self.host, ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())[1]

    def makeport(self):
        listener = socket.create_server((self.sock.getsockname()[0], 0), backlog=1)
        listener.settimeout(self.timeout)
        self.sendeprt(*listener.getsockname())
        return listener


def ask(address, mode, times):
    client = (ExtendedFtp if mode.startswith("extended") else ftplib.FTP)(timeout=4)
    client.trust_server_pasv_ipv4_address = True  # so that what the gateway has written is used
    client.connect(address, 21)
    client.login()
    client.set_pasv(mode.endswith("passive"))
    for _ in range(int(times)):
        got = io.BytesIO()
        client.retrbinary("RETR pattern", got.write)
        if got.getvalue() != PATTERN:
            sys.exit("something else came")
    client.quit()
    print("same", times, "times")


{"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
