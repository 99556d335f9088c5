#!/usr/bin/env bash
# stile connect: hosts that lose the interface in use, and come back by another one, without a restart.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

# Two networks, and two hosts on both.
public_network
namespace other
ip -n "$prefix-other" link add public type bridge
ip -n "$prefix-other" link set public up
for host in 21 22; do
  name=$([[ $host == 21 ]] && echo one || echo two)
  open_host "$name" "203.0.113.$host"
  join other "$name-eth1" - "$name" eth1 "198.51.100.$host/24"
  ip -n "$prefix-other" link set "$name-eth1" master public
done

# carries FROM TO TEXT. What is sent while a path is dead is lost: it is sent again.
carries() {
  local i
  for ((i = 0; i < 20; i++)); do
    say "$1" "{\"send\":\"$3\"}"
    await_line "$2" "^{\"data\":\"$3\"}" 1 2>/dev/null && return
  done
  cat "$work/$1.out" "$work/$1.err"
  return 1
}
# used_by NAME: the interface of its selected pair.
used_by() { saw "$1" connected | grep -q '"pair":"203' && echo eth0 || echo eth1; }
# await_move NAME IFACE: its selected pair leaves by another interface.
await_move() {
  local i
  for ((i = 0; i < 100; i++)); do
    [[ $(used_by "$1") != "$2" ]] && return
    sleep 0.1
  done
  said "$1"
  return 1
}
# survives WHAT NAME NAMESPACE COMMAND...: data goes both ways after the command, which takes the interface in use away.
survives() {
  local iface
  iface=$(used_by "$2")
  "${@:4}" "$prefix-$3" "$iface" || exit 1
  check "$1: data arrives from left" carries left right "$1 to right"
  check "$1: data arrives from right" carries right left "$1 to left"
  check "$1: both have moved" await_move left "$iface"
  check "$1: both have moved" await_move right "$iface"
}
unplug() { ip -n "$1" link set "$2" down; }
plug_in() { ip -n "$1" link set "$2" up; }
forget_address() { ip -n "$1" address flush dev "$2"; }

peer left one "$stile" connect --stdio --trickle --role controlling
peer right two "$stile" connect --stdio --trickle --role controlled
introduce left right
check "they connect" connected left right
check "data arrives" carries left right hello

before=$(used_by left)
survives "the controlling side loses its link" left one unplug
plug_in "$prefix-one" "$before"
check "it is back: data arrives" carries left right back
survives "the controlled side loses its address" right two forget_address
check "data arrives as before" carries left right again
check_equal "left has not begun anew" 1 "$(grep -c '^{"local":' "$work/left.out")"
check_equal "right has not begun anew" 1 "$(grep -c '^{"local":' "$work/right.out")"
check_not "neither has failed" grep -q '^{"failed"' "$work/left.out" "$work/right.out"
check "they end well" dismiss left right
finish
