#!/usr/bin/env bash
# TCP allocations (RFC 6062), over TCP and TLS, with the workers that a client's connections are spread over.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces

#   client 203.0.113.2 and its peers 203.0.113.3 -- srv 203.0.113.10
namespace client srv
join client eth0 203.0.113.2/24 srv eth0 203.0.113.10/24
ip -n "$prefix-client" address add 203.0.113.3/24 dev eth0
deaf_port=4999
in_ns client nft "add table ip deaf; add chain ip deaf in { type filter hook input priority 0; };
  add rule ip deaf in tcp dport $deaf_port drop" || exit 1
certificate

serve() {
  start server srv "$build/server/stile-server" --drain-timeout 0 --listen 203.0.113.10:3478 --listen-tls 203.0.113.10:5349 \
    --cert "$work/cert.pem" --key "$work/key.pem" --realm test --user u:p --user other:o --allow-peer 203.0.113.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}
scenario() {
  in_ns client timeout 100 python3 "$here/tcp_relay.py" "$1" --peer-host 203.0.113.3 --deaf-port "$deaf_port" \
    --pid "$server" --server 203.0.113.10:"${2:-3478}" "${@:3}"
}

serve --threads 2
(scenario patience && touch "$work/patient") >"$work/patience.out" 2>&1 &
patience=$!
for name in connect attempt gone early half-close bulk killed deleted refusals many; do
  check "over TCP: $name" scenario "$name"
  check "over TLS: $name" scenario "$name" 5349 --tls
done
wait "$patience"
check "others are served while a Connect waits, and deadlines are kept: $(cat "$work/patience.out")" test -e "$work/patient"
check "the server still runs" kill -0 "$server"
check "it ends well" end "$server" TERM

serve --threads 1 --no-tcp-relay
check "without the TCP relay TCP allocations are refused with 442" grep -q 'Refused: 442' <(scenario connect 2>&1)
end "$server" TERM
finish
