#!/usr/bin/env bash
# stile-server and third-party authorization (RFC 7635) as coturn has it: its client makes tokens of its three test keys
# and relays with them, over UDP, TCP and TLS.
#
#   client 10.99.0.1 (the peer's host, too) ---- server 10.99.0.2
source "$(dirname "${BASH_SOURCE[0]}")/turnutils.bash"
need_namespaces
need_turnutils uclient peer

namespace client server
join client eth0 10.99.0.1/24 server eth0 10.99.0.2/24
certificate
start peer client turnutils_peer -L 10.99.0.1 -p 3480

key() { printf %s "$1" | base64; }
relay() {
  start server server "$build/server/stile-server" --listen 10.99.0.2:3478 --listen-tls 10.99.0.2:5349 \
    --cert "$work/cert.pem" --key "$work/key.pem" --realm test --server-name relay.test --allow-peer 10.99.0.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}
test_keys=(--oauth-key "north:$(key 01234567890123456789012345678901)" --oauth-key "union:$(key 1234567890123456)"
  --oauth-key "oldempire:$(key 12345678901234567890123456789012)")

load() {
  uclient "$1" -J -m 10 -n 50 -l 200 -z 5 -c -e 10.99.0.1 -r 3480 "${@:2}" 10.99.0.2
}

check "starts" relay "${test_keys[@]}"
load udp
load send -s
load tcp -t
load tls -t -S -p 5349
check "clients with tokens over UDP" all_back udp 500
check "by Send indications" all_back send 500
check "over TCP" all_back tcp 500
check "over TLS" all_back tls 500
end "$server" TERM
check_equal "ends well" 0 $?

check "starts with another key" relay --oauth-key "north:$(key another-key-of-32-bytes-in-total)" --oauth-key "union:$(key another-key-of16)"
start stranger client timeout 20 turnutils_uclient -J -m 1 -n 5 -c -e 10.99.0.1 -r 3480 10.99.0.2
check_not "tokens of keys that it does not have are of no use" await_end "$pid" 25
end "$server" TERM
finish
