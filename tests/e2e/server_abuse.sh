#!/usr/bin/env bash
# What hostile and careless clients cannot do to stile-server: garbage in masses, clients that never read, ten thousand
# allocations at once. It goes on to serve, and its memory stays within bounds.
#
#   client 203.0.113.2, .3, .4, .5; its peers .6 ---- srv 203.0.113.10
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces
command -v openssl >/dev/null || { echo "skipped: openssl is not installed"; exit 77; }

namespace client srv
join client eth0 203.0.113.2/24 srv eth0 203.0.113.10/24
for host in {3..6}; do ip -n "$prefix-client" address add "203.0.113.$host/24" dev eth0; done
certificate

serve() {
  start server srv "$build/server/stile-server" --drain-timeout 0 --listen 203.0.113.10:3478 --listen-tls 203.0.113.10:5349 \
    --cert "$work/cert.pem" --key "$work/key.pem" --realm test --user user:pass --allow-peer 203.0.113.0/24 --threads 2 \
    --user-quota 0 --prefix-quota 0 --total-quota 0 --unauthenticated-rate 0 --max-connections-per-prefix 8192
  server=$pid
  await_line server '"ready":true'
}
# scenario NAME: what it prints is shown behind its name.
scenario() {
  local before=$failures
  check "$1" in_ns client timeout 100 python3 "$here/server_abuse.py" "$1" --server 203.0.113.10:3478 \
    --tls 203.0.113.10:5349 --pid "$server" --hosts 203.0.113.2,203.0.113.3,203.0.113.4,203.0.113.5,203.0.113.6
  ((failures > before)) || sed 's/^/          /' "$work/check.out"
}

check "starts" serve
for name in blast slow-readers slow-connections crowd; do scenario "$name"; done
check "it still runs" kill -0 "$server"
end "$server" TERM
check_equal "ends well" 0 $?
finish
