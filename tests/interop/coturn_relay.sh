#!/usr/bin/env bash
# stile connect with coturn's server: over UDP and TCP it relays for us, and at a port of its own it takes TCP connections
# (RFC 6062).
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/peers.bash"
need_namespaces
command -v turnserver >/dev/null || { echo "skipped: coturn is not installed"; exit 77; }

public_network
home a 1
open_host two 203.0.113.22
gateway a
start coturn srv turnserver -n --no-cli --log-file=stdout --simple-log --listening-ip="$server_address" --relay-ip="$server_address" \
  --lt-cred-mech --user=u:p --realm=test --no-tls --no-dtls --pidfile="$work/coturn.pid" --db="$work/coturn.db" --allow-loopback-peers
coturn=$pid
listens() { in_ns srv ss -lntH "src $server_address:3478" | grep -q .; }
check "coturn listens" within 10 listens

# meet OPTIONS...: the one behind the NAT has these, and nobody gets at it directly.
meet() {
  peer left a "$stile" connect --stdio --ipv4-only --username u --password p "$@"
  peer right two "$stile" connect --stdio --ipv4-only --role controlled --ice-tcp
  introduce left right
  connected left right
}
# scene WHAT OPTIONS...
scene() {
  check "$1: they meet" meet "${@:2}"
  check_equal "$1: by the relay" relay "$(kinds left | cut -d ' ' -f 1)"
  check "$1: data arrives" converse left right
  check "$1: and back" converse right left
  check "$1: they end well" dismiss left right
}
scene "over UDP" --policy relay --turn "turn:$server_address"
scene "over TCP" --policy relay --turn "turn:$server_address?transport=tcp"
# Where UDP does not get through and connections only leave, the relay takes them.
only_connects two || exit 1
scene "TCP at the relay" --policy relay --ice-tcp --turn "turn:$server_address?transport=tcp"
end "$coturn" TERM
finish
