#!/usr/bin/env bash
# stile connect --ice-tcp: where UDP is blocked peers connect over TCP, without a relay.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
home a 1
open_host one 203.0.113.21
open_host two 203.0.113.22
connect=("$stile" connect --stdio --ice-tcp)

# no_udp NAMESPACE...
no_udp() {
  local name
  for name; do
    in_ns "$name" nft -f - <<'RULES' || return 1
table inet blocked {
  chain out { type filter hook output priority 0; meta l4proto udp drop; }
  chain in { type filter hook input priority 0; meta l4proto udp drop; }
}
RULES
  done
}
meet() {
  peer left "$1" "${connect[@]}" "${@:3}"
  peer right "$2" "${connect[@]}" --role controlled "${@:3}"
  introduce left right
  connected left right
}
over_tcp() { [[ $(grep -c '^tcp ' <(in_ns "$1" ss -tnH state established | sed 's/^/tcp /')) -ge 1 ]]; }
# scene WHAT A B [OPTIONS...]
scene() {
  check "$1: they connect" meet "${@:2}"
  check "$1: over TCP" over_tcp "$3"
  check "$1: data arrives" converse left right
  check "$1: and back" converse right left
  check "$1: they end well" dismiss left right
}

check "UDP is blocked" no_udp one two a
scene "on one network" one two
scene "trickled" one two --trickle
gateway a
scene "one behind a NAT" a two
scene "the other behind a NAT" two a
no_gateway a
finish
