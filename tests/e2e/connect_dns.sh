#!/usr/bin/env bash
# Servers that are found by the DNS: RFC 5928 and RFC 8489 8.1, by stile stun, turn and connect; names that nobody knows, and
# name servers that are silent.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
relay_server --listen "$server_address:3480" --listen "$server_address:3481"
start dns srv "${PYTHON:-python3}" "$here/dns_server.py" 203.0.113.11 "relay.example.test a $server_address" \
  "example.test naptr 100 10 - RELAY:turn.udp datagram.example.test" \
  "example.test naptr 200 10 - RELAY:turn.tcp stream.example.test" \
  "datagram.example.test naptr 100 10 s RELAY:turn.udp _turn._udp.example.test" \
  "stream.example.test naptr 100 10 a RELAY:turn.tcp relay.example.test" \
  "_turn._udp.example.test srv 0 0 3480 relay.example.test" \
  "_turn._tcp.example.test srv 0 0 3481 relay.example.test" \
  "_stun._udp.example.test srv 0 0 3480 relay.example.test"
await_line dns '"ready":true'
for host in one two; do name_server "$host" 203.0.113.11; done
credentials=(--username u --password p)

# finds PORT COMMAND...: that is the server which is asked.
finds() { in_ns one "$stile" "${@:2}" --json | tee /dev/stderr | grep -q "\"server\":\"$server_address:$1\""; }
check "stun:, by its SRV record" finds 3480 stun stun:example.test
check "stun: without one, at the usual port" finds 3478 stun stun:relay.example.test
check "turn:, by NAPTR and SRV records" finds 3480 turn turn:example.test "${credentials[@]}"
check "turn: over TCP, by its SRV record" finds 3481 turn 'turn:example.test?transport=tcp' "${credentials[@]}"
check "turn: with a port, by its address" finds 3481 turn turn:relay.example.test:3481 "${credentials[@]}"
in_ns one "$stile" turn turn:nobody.example.test "${credentials[@]}" 2>"$work/refused"
check_equal "a name that nobody knows: one line" \
  "stile turn: cannot find the server 'nobody.example.test'; check the name, or give an IP address" "$(cat "$work/refused")"

# meet OPTIONS...: both peers have these options, and connect.
meet() {
  peer a one "$stile" connect --stdio "${credentials[@]}" "$@"
  peer b two "$stile" connect --stdio --role controlled "${credentials[@]}" "$@"
  introduce a b
  connected a b
}
check "peers relay by a server that was found so" meet --turn turn:example.test --policy relay
check_equal "a's end" "relay relay" "$(kinds a)"
check "they end well" dismiss a b
check "a server that is not there keeps nobody from meeting" meet --turn turn:nobody.example.test
check_equal "which a is told of" "stile connect: server turn:nobody.example.test: no address of it was found" "$(cat "$work/a.err")"
check "they end well" dismiss a b

# A name server that is silent: what needs none of its answers goes on.
for host in one two; do name_server "$host" 203.0.113.77; done
check "with a silent name server they meet at once" meet --trickle --stun stun:example.test
check "they end well" dismiss a b
finish
