#!/usr/bin/env bash
# stile connect: a path that is silent for a while is told of; with --restart-after peers restart by themselves, and meet again.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
connect=("$stile" connect --stdio --ipv4-only)
cut() { ip -n "$prefix-net" link set two-eth0 down; }
mend() { ip -n "$prefix-net" link set two-eth0 up; }
selected() { grep -c '^{"connected":' "$work/$1.out"; }

peer left one "${connect[@]}" --role controlling --restart-after 3
peer right two "${connect[@]}" --role controlled
introduce left right
check "they connect" connected left right
before=$(selected right)
cut
check "the silent path is told of" await_line left '^{"path":{"health":"degraded",' 15
check "and a restart follows" await_line left '^{"restart":{"reason":"' 15
mend
await_selected() {
  local i
  for ((i = 0; i < 300; i++)); do
    (($(selected right) > before)) && return
    sleep 0.1
  done
  return 1
}
check "both meet again" await_selected
check "data arrives" converse left right
check "data arrives, the other way" converse right left
check "both end well" dismiss left right
finish
