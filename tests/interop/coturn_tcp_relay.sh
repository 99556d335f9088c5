#!/usr/bin/env bash
# stile-server's TCP relay (RFC 6062) with coturn's client, by one worker and by two: clients that connect with one
# another's relayed addresses, over TCP and TLS; whatever one sends comes back from another.
#
#   client 10.99.0.1 ---- server 10.99.0.2
source "$(dirname "${BASH_SOURCE[0]}")/turnutils.bash"
need_namespaces
need_turnutils uclient

namespace client server
join client eth0 10.99.0.1/24 server eth0 10.99.0.2/24
certificate

relay() {
  start server server "$build/server/stile-server" --drain-timeout 0 --listen 10.99.0.2:3478 --listen-tls 10.99.0.2:5349 \
    --cert "$work/cert.pem" --key "$work/key.pem" --realm test --user user:pass --allow-peer 10.99.0.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}

# all_back CLIENTS CONNECTIONS OPTIONS...: so many connections come about, at once, and all messages arrive. A message
# each 20 ms: the client takes what comes in one read for one message.
all_back() {
  local sent received
  uclient client -T -m "$1" -n 20 -l 200 -u user -w pass "${@:3}" 10.99.0.2
  uclient_ended client
  grep -q ": $2 connections are completed" "$work/client.out" && ((sent == $1 * 20 && sent == received)) && return
  uclient_said client "$(grep -c completed "$work/client.out") lines of completed connections"
  return 1
}

for workers in 1 2; do
  check "$workers: starts" relay --threads "$workers"
  check "$workers: two clients connect with one another" all_back 2 2
  check "$workers: each of ten clients with each" all_back 10 90
  check "$workers: two clients over TLS" all_back 2 2 -S -p 5349
  check "$workers: each of ten with each over TLS" all_back 10 90 -S -p 5349
  end "$server" TERM
  check_equal "$workers: ends well" 0 $?
done
finish
