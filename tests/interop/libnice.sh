#!/usr/bin/env bash
# libnice, GStreamer's ICE: two agents that may use relayed candidates only, through stile-server over UDP and TCP; and
# one with stile, each in both roles, directly and by relays. (libnice has no TLS: its relays over TLS are plain TCP.)
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/peers.bash"
need_namespaces
# Debian's modules belong to Debian's interpreter.
python=/usr/bin/python3
"$python" -c 'import gi; gi.require_version("Nice", "0.1")' 2>/dev/null ||
  { echo "skipped: libnice is not installed for Python (gir1.2-nice-0.1, python3-gi)"; exit 77; }

public_network
open_host a 203.0.113.21
open_host b 203.0.113.22
declare -A addresses=([a]=203.0.113.21 [b]=203.0.113.22)

# agent NAME WHERE ROLE OPTIONS...
agent() {
  peer "$1" "$2" "$python" "$(dirname "${BASH_SOURCE[0]}")/libnice_peer.py" --server "$server_address" \
    --address "${addresses[$2]}" --role "$3" "${@:4}"
}
two_agents() {
  agent first a controlling "$@"
  agent second b controlled "$@"
  introduce first second
  connected first second
}
# with_stile ROLE OPTIONS...: stile in the role.
with_stile() {
  local other=controlled
  [[ $1 == controlled ]] && other=controlling
  peer first a "$stile" connect --stdio --turn "turn:$server_address" --username u --password p --role "$1" "${@:2}"
  agent second b "$other" --turn udp "${@:2}"
  introduce first second
  connected first second
}
# talk WHAT PAIR: data goes both ways, and the pair of the first one is so.
talk() {
  check_equal "$1: the pair" "$2" "$(kinds first)"
  check "$1: data arrives" converse first second
  check "$1: data arrives, the other way" converse second first
  check "$1: both end well" dismiss first second
}

for workers in 1 2; do
  check "$workers: the relay starts" relay_server --threads "$workers"
  for transport in udp tcp; do
    check "$workers: two agents of libnice connect by relays over $transport" two_agents --turn "$transport" --policy relay
    talk "$workers: by relays over $transport" "relay relay"
  done
  end "$server_pid" TERM
  check_equal "$workers: the relay ends well" 0 $?
done

check "the relay starts" relay_server
for role in controlling controlled; do
  check "stile $role connects with libnice" with_stile "$role"
  talk "stile $role" "host host"
  check "stile $role connects with libnice by relays" with_stile "$role" --policy relay
  talk "stile $role by relays" "relay relay"
done
finish
