#!/usr/bin/env bash
# stile-server with a browser: two peers in one page of Chromium that may use relayed candidates only, over turn: by UDP
# and TCP and over turns:, by one worker and by two.
#
#   client 10.99.0.1 ---- server 10.99.0.2
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
need_namespaces
command -v chromium >/dev/null || { echo "skipped: Chromium is not installed (chromium)"; exit 77; }

namespace client server
join client eth0 10.99.0.1/24 server eth0 10.99.0.2/24
certificate
key_hash=$(openssl pkey -in "$work/key.pem" -pubout -outform der | openssl dgst -sha256 -binary | base64)

relay() {
  start server server "$build/server/stile-server" --drain-timeout 0 --listen 10.99.0.2:3478 --listen-tls 10.99.0.2:5349 \
    --cert "$work/cert.pem" --key "$work/key.pem" --realm test --user user:pass --allow-peer 10.99.0.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}

declare -A uris=([udp]='turn:10.99.0.2:3478?transport=udp' [tcp]='turn:10.99.0.2:3478?transport=tcp'
  [tls]='turns:10.99.0.2:5349?transport=tcp')
for workers in 1 2; do
  check "$workers: starts" relay --threads "$workers"
  check "$workers: Chromium runs" in_ns client timeout 60 "${PYTHON:-python3}" "$here/../interop/chromium_relay.py" \
    user pass "$key_hash" "${uris[@]}"
  cp "$work/check.out" "$work/report"
  for protocol in udp tcp tls; do
    line=$(grep -F "${uris[$protocol]} " "$work/report")
    check_equal "$workers: over $protocol every message comes back" \
      "${uris[$protocol]} 140 messages came back, relay by $protocol to relay" "$line"
  done
  end "$server" TERM
  check_equal "$workers: ends well" 0 $?
done
finish
