#!/usr/bin/env bash
# stile connect --hard-nats: between NATs that let no ordinary check through, ports are foreseen.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
home a 1
home b 2
relay_server --listen 203.0.113.11:3478
connect=("$stile" connect --stdio --trickle --turn "turn:$server_address" --username u --password p --stun 203.0.113.11)
directly='"connected":{"local":"[hsp][a-z]*".*"remote":"[hsp][a-z]*"'

gateway a --mapping address-and-port-dependent --filtering address-and-port-dependent --ports sequential
gateway b --filtering address-and-port-dependent

# meet OPTIONS...: the right one's; the left one guesses.
meet() {
  peer left a "${connect[@]}" --hard-nats
  peer right b "${connect[@]}" --role controlled "$@"
  introduce left right
  connected left right
}

check "they connect" meet --hard-nats
check "data arrives at once" converse left right
check "left finds a direct path" await_line left "$directly" 20
check "right finds a direct path" await_line right "$directly" 20
check "data arrives by it" converse right left
check "they end well" dismiss left right

check "one that does not guess: they connect" meet
check "one that does not guess: by the relay, got '$(kinds left)'" grep -q relay <(kinds left)
sleep 2
check_not "one that does not guess: it stays so" grep -q "$directly" <(said left)
check "one that does not guess: they end well" dismiss left right
finish
