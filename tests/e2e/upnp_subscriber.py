#!/usr/bin/env python3
"""A subscriber to UPnP's events for the end-to-end tests. Every wait has a bound.

`ask` sends SUBSCRIBE or UNSUBSCRIBE and prints the status, and what was granted; `listen` takes NOTIFY at PATHs and prints
one line for each: PATH SEQ NAME=VALUE...; `hang` takes connections and leaves them alone."""

import argparse
import http.client
import http.server
import socket
import socketserver
import sys
import time
import xml.etree.ElementTree as xml


def endpoint(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def ask(args):
    connection = http.client.HTTPConnection(*endpoint(args.to), timeout=args.seconds)
    try:
        connection.request(args.method, args.path, headers=dict(field.split("=", 1) for field in args.field))
        answer = connection.getresponse()
    except socket.timeout:
        return "timeout"
    except ConnectionRefusedError:
        return "refused"
    return " ".join(filter(None, [str(answer.status), answer.getheader("SID"), answer.getheader("TIMEOUT")]))


class Subscriber(http.server.BaseHTTPRequestHandler):
    def do_NOTIFY(self):
        body = self.rfile.read(int(self.headers["CONTENT-LENGTH"]))
        event = (self.headers["NT"], self.headers["NTS"], self.headers["CONTENT-TYPE"])
        if event != ("upnp:event", "upnp:propchange", 'text/xml; charset="utf-8"'):
            return self.send_error(412, "no event: %s %s %s" % event)
        properties = xml.fromstring(body).findall("{urn:schemas-upnp-org:event-1-0}property/*")
        values = ["%s=%s" % (each.tag, each.text or "") for each in properties]
        self.server.sids.setdefault(self.path, self.headers["SID"])
        if self.server.sids[self.path] != self.headers["SID"]:
            return self.send_error(412, "another subscription's event")
        # In one piece: other events come at the same time, each in a thread of its own.
        sys.stdout.write(" ".join([self.path, self.headers["SEQ"], *values]) + "\n")
        sys.stdout.flush()
        self.send_response(412 if self.path == "/unknown" else 200)
        self.send_header("CONTENT-LENGTH", "0")
        self.end_headers()

    def log_message(self, text, *values):
        print(text % values, file=sys.stderr, flush=True)


class Server(http.server.ThreadingHTTPServer):
    # HTTPServer's asks for the name of the address, and there is nobody to ask.
    server_bind = socketserver.TCPServer.server_bind


def listen(args):
    server = Server(endpoint(args.at), Subscriber)
    server.sids = {}
    server.timeout = 0.2
    print("ready", flush=True)
    end = time.monotonic() + args.seconds
    while time.monotonic() < end:
        server.handle_request()


def hang(args):
    server = socket.create_server(endpoint(args.at), backlog=64)
    server.settimeout(args.seconds)
    print("ready", flush=True)
    taken = []
    while True:
        taken.append(server.accept()[0])
        print("connected", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["ask", "listen", "hang"])
    parser.add_argument("method", nargs="?")
    parser.add_argument("path", nargs="?")
    parser.add_argument("field", nargs="*", help="NAME=VALUE, of the header")
    parser.add_argument("--to", default="10.1.0.1:49000")
    parser.add_argument("--at")
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    if args.what == "ask":
        print(ask(args))
    else:
        try:
            {"listen": listen, "hang": hang}[args.what](args)
        except socket.timeout:
            sys.exit("nobody came")


main()
