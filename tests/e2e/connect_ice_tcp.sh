#!/usr/bin/env bash
# stile connect --ice-tcp: where UDP is blocked peers connect over TCP, without a relay; behind two NATs from both sides at
# once, which a STUN server makes possible.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
home a 1
home b 2
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
over_tcp() { in_ns "$1" ss -tnH state established not dst "$server_address" | grep -q .; }
# scene WHAT A B [OPTIONS...]
scene() {
  check "$1: they connect" meet "${@:2}"
  check "$1: over TCP" over_tcp "$3"
  check "$1: data arrives" converse left right
  check "$1: and back" converse right left
  check "$1: they end well" dismiss left right
}

# By the kernel's NAT, which lets nobody in.
kernel_nat() {
  in_ns "gw-$1" nft -f - <<'RULES'
table ip home {
  chain in { type filter hook input priority 0; policy drop; iifname lan accept; ct state established accept; }
  chain pass { type filter hook forward priority 0; policy drop; iifname lan accept; ct state established accept; }
  chain out { type nat hook postrouting priority 100; oifname wan masquerade; }
}
RULES
  in_ns "gw-$1" sysctl -qw net.ipv4.ip_forward=1
}
# Each is known to the other as the server has seen it.
from_both_sides() { [[ $(kinds left) == "srflx srflx" && $(kinds right) == "srflx srflx" ]]; }
to_server() { in_ns "$1" ss -tnH state established dst "$server_address" | grep -q .; }
still_there() {
  say left '{"send":"still there"}'
  await_line right '^{"data":"still there"}'
}
left_server() { within 10 not to_server "$1"; }

check "UDP is blocked" no_udp one two a b
scene "on one network" one two
scene "trickled" one two --trickle
gateway a
scene "one behind a NAT" a two
scene "the other behind a NAT" two a
no_gateway a

check "there is a STUN server" relay_server
connect+=(--stun "$server_address")
gateway a
gateway b
check "both behind NATs that let everybody in: they connect" meet a b
check "both behind NATs that let everybody in: over TCP" over_tcp a
check "both behind NATs that let everybody in: data arrives" converse left right
check "both behind NATs that let everybody in: they end well" dismiss left right
no_gateway a
no_gateway b

# punch WHAT [OPTIONS...]
punch() {
  check "$1: they connect" meet a b "${@:2}"
  check "$1: from both sides at once" from_both_sides
  check "$1: over TCP" over_tcp a
  check "$1: data arrives" converse left right
  check "$1: and back" converse right left
  check "$1: the server is left" left_server a
  check "$1: and by the other" left_server b
  check "$1: the connection is not" still_there
  check "$1: they end well" dismiss left right
}
gateway a --filtering address-and-port-dependent
gateway b --filtering address-and-port-dependent
punch "both behind NATs that let nobody in"
punch "both behind NATs that let nobody in, trickled" --trickle
no_gateway a
no_gateway b
check "the kernel's NATs are there" kernel_nat a
check "of the other, too" kernel_nat b
punch "both behind the kernel's NATs"
check "the server ends well" end "$server_pid" TERM
finish
