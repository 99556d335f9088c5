#!/usr/bin/env bash
# stile connect: a restart from either side, while data flows; a host that has got another address.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
relay_server
connect=("$stile" connect --stdio --turn "turn:$server_address" --username u --password p)

# selected_more_than COUNT: both have selected a pair that often.
selected() { grep -c '^{"connected":' "$work/$1.out"; }
selected_more_than() {
  local i
  for ((i = 0; i < 100; i++)); do
    (($(selected left) > $1 && $(selected right) > $1)) && return
    sleep 0.1
  done
  return 1
}

# carries FROM TO TEXT. A datagram may be lost: it is sent again.
carries() {
  local i
  for ((i = 0; i < 5; i++)); do
    say "$1" "{\"send\":\"$3\"}"
    await_line "$2" "^{\"data\":\"$3\"}" 2 && return
  done
  cat "$work/$1.out" "$work/$1.err"
  return 1
}

for trickle in "" --trickle; do
  peer left one "${connect[@]}" --role controlling $trickle
  peer right two "${connect[@]}" --role controlled $trickle
  introduce left right
  check "they connect $trickle" connected left right
  for side in left right; do
    before=$(selected left)
    ufrag=$(said "$side" | grep '^{"local":' | tail -n 1)
    say "$side" '{"restart":true}'
    check "$side restarts $trickle: both select a pair again" selected_more_than "$before"
    check_not "$side restarts $trickle: its credentials are new" grep -qF "$ufrag" <(said "$side" | grep '^{"local":' | tail -n 1)
    check "$side restarts $trickle: data arrives from left" carries left right "to $side"
    check "$side restarts $trickle: data arrives from right" carries right left "fro $side"
  done
  before=$(selected left)
  ip -n "$prefix-one" address del 203.0.113.21/24 dev eth0
  ip -n "$prefix-one" address add 203.0.113.31/24 dev eth0
  say left '{"restart":true}'
  check "another address $trickle: both select a pair again" selected_more_than "$before"
  check "another address $trickle: it is the one in use" grep -q '"pair":"203.0.113.31:' <(saw left connected)
  check "another address $trickle: data arrives" carries right left moved
  check "they end well $trickle" dismiss left right
  ip -n "$prefix-one" address del 203.0.113.31/24 dev eth0
  ip -n "$prefix-one" address add 203.0.113.21/24 dev eth0
done
finish
