#!/usr/bin/env bash
# stile-server's mobile clients (RFC 8016), by one worker and by two: coturn's, each of which moves to another port once
# it has its allocation, its old connection open or closed by chance.
#
#   client 10.99.0.1 (the peer's host, too) ---- server 10.99.0.2
source "$(dirname "${BASH_SOURCE[0]}")/turnutils.bash"
need_namespaces
need_turnutils uclient peer

namespace client server
join client eth0 10.99.0.1/24 server eth0 10.99.0.2/24
certificate
start peer client turnutils_peer -L 10.99.0.1 -p 3480

relay() {
  start server server "$build/server/stile-server" --drain-timeout 0 --listen 10.99.0.2:3478 --listen-tls 10.99.0.2:5349 \
    --cert "$work/cert.pem" --key "$work/key.pem" --realm test --user user:pass --allow-peer 10.99.0.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}

# load NAME CLIENTS OPTIONS...: coturn's client in the background; each of its clients moves and sends 50 messages to the
# peer, which sends them back.
declare -A clients
load() {
  uclient "$1" -v -M -m "$2" -n 50 -l 200 -z 10 -c -u user -w pass -e 10.99.0.1 -r 3480 "${@:3}" 10.99.0.2
  clients[$1]=$2
}

# all_moved NAME: all have moved, and every message came back.
all_moved() {
  local sent received moved
  uclient_ended "$1"
  moved=$(grep -ac 'refresh response' "$work/$1.out")
  ((moved >= clients[$1] && sent >= 50 * clients[$1] && sent == received)) && return
  uclient_said "$1" "$moved have moved"
  return 1
}

# gave_up NAME: over TLS and DTLS coturn's client frees its old session twice where it has chosen to shut that down, with its own
# server, too. So it shuts down the new one instead, or crashes.
gave_up() { ((uclient_status[$1] == 128 + 6 || uclient_status[$1] == 128 + 11)) || grep -q 'send: Success' "$work/$1.err"; }

# some_moved NAME...: all of at least two, and those that did not gave up.
some_moved() {
  local name back=0
  for name; do
    if all_moved "$name" >"$work/why"; then back=$((back + 1))
    else gave_up "$name" || { cat "$work/why"; return 1; }
    fi
  done
  ((back >= 2))
}

for workers in 1 2; do
  check "$workers: starts" relay --threads "$workers" --mobility
  load udp 20
  load udp-send 20 -s
  load tcp 20 -t
  load tcp-send 20 -s -t
  for i in {1..12}; do
    load "tls-$i" 1 -t -S -p 5349
    load "dtls-$i" 1 -S -p 5349
  done
  check "$workers: twenty clients over UDP move" all_moved udp
  check "$workers: twenty clients over UDP move, by Send indications" all_moved udp-send
  check "$workers: twenty clients over TCP move" all_moved tcp
  check "$workers: twenty clients over TCP move, by Send indications" all_moved tcp-send
  check "$workers: clients over TLS move" some_moved tls-{1..12}
  check "$workers: clients over DTLS move" some_moved dtls-{1..12}
  end "$server" TERM
  check_equal "$workers: ends well" 0 $?
done
finish
