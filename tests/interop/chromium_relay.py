#!/usr/bin/env python3
"""Opens chromium_relay.html in a headless Chromium and prints what the page reports, one line for each URI.

chromium_relay.py USERNAME PASSWORD SPKI_HASH URI...      SPKI_HASH: the key (SHA-256, base64) that TLS servers may have
"""
import http.server
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse

PAGE = pathlib.Path(__file__).with_suffix(".html").read_bytes()
SECONDS = 55


class Site(http.server.BaseHTTPRequestHandler):
    result = None
    reported = threading.Event()

    def do_GET(self):
        self.answer(PAGE if self.path.startswith("/?") else b"")

    def do_POST(self):
        Site.result = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(b"")
        Site.reported.set()

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


username, password, key, *uris = sys.argv[1:]
site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
threading.Thread(target=site.serve_forever, daemon=True).start()
query = urllib.parse.urlencode({"username": username, "password": password, "uri": uris}, doseq=True)
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    browser = subprocess.Popen(
        ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         f"--user-data-dir={profile}", f"--ignore-certificate-errors-spki-list={key}",
         f"http://127.0.0.1:{site.server_port}/?{query}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, "TMPDIR": profile})  # what it leaves when it is killed goes with the profile
    told = []
    threading.Thread(target=lambda: told.append(browser.stderr.read()), daemon=True).start()
    came = Site.reported.wait(SECONDS)
    os.killpg(browser.pid, signal.SIGKILL)
    browser.wait()
if not came:
    sys.exit("the page reports nothing; Chromium says:\n" + b"".join(told).decode(errors="replace"))
print(Site.result, end="")
