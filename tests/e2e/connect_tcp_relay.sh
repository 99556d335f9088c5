#!/usr/bin/env bash
# stile connect --ice-tcp with a TURN server over TCP or TLS: who can be reached by nobody, and by UDP not at all, is reached at
# a port of the relay's that takes TCP connections (RFC 6062).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
only_connects one two || exit 1

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 \
  -subj /CN=turn -addext "subjectAltName=IP:$server_address" 2>/dev/null
relay_server --listen-tls "$server_address:5349" --cert "$work/cert.pem" --key "$work/key.pem"

# meet SECONDS ROLE OPTIONS...: the one with the relay has these.
meet() {
  peer left one "$stile" connect --stdio --ipv4-only --ice-tcp --role "$2" --username u --password p --ca "$work/cert.pem" "${@:3}"
  peer right two "$stile" connect --stdio --ipv4-only --ice-tcp --role "$([[ $2 == controlling ]] && echo controlled || echo controlling)"
  introduce left right
  await_line left '^{"connected":' "$1" && await_line right '^{"connected":' "$1"
}

check_not "without a relay they do not meet" meet 2 controlling
check "they end well" dismiss left right

for role in controlling controlled; do
  for server in "turn:$server_address?transport=tcp" "turns:$server_address"; do
    check "$role, $server: they meet" meet 15 "$role" --turn "$server"
    check_equal "$role, $server: by the relay" 'relay prflx' "$(kinds left)"
    check_equal "$role, $server: over TCP" 1 "$(grep -c 'tcptype passive' <(said left | grep -o 'candidate:[^"]* typ relay[^"]*'))"
    check "$role, $server: data arrives" converse left right
    check "$role, $server: and back" converse right left
    check "$role, $server: they end well" dismiss left right
  done
done
finish
