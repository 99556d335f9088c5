#!/usr/bin/env bash
# stile connect and stile turn by TCP, TLS and DTLS to the TURN server; a host whose UDP is blocked.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
# certificate_for NAME SUBJECT_ALTERNATIVE_NAME
certificate_for() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" -addext "subjectAltName=$2" \
    -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null
}
certificate_for good "IP:$server_address"
certificate_for other DNS:turn.example.org
relay_server --listen-tls "$server_address:5349" --listen-tls "$server_address:443" --cert "$work/good.pem" --key "$work/good.key"
credentials=(--username u --password p)

for uri in "turn:$server_address" "turn:$server_address?transport=tcp" "turns:$server_address" "turns:$server_address?transport=udp"; do
  check "stile turn $uri" in_ns one "$stile" turn "$uri" "${credentials[@]}" --ca "$work/good.pem"
done

# refused NAME URI PATTERN OPTIONS...: it fails, with one line that matches.
refused() {
  in_ns one "$stile" turn "$2" "${credentials[@]}" "${@:4}" 2>"$work/refused" >/dev/null
  check_equal "$1: exit status" 1 $?
  check "$1: '$3', got $(cat "$work/refused")" grep -qE "^stile turn: $3\$" "$work/refused"
  check_equal "$1: one line" 1 "$(wc -l <"$work/refused")"
}
for transport in tcp udp; do
  refused "unknown certificate by $transport" "turns:$server_address?transport=$transport" "$server_address:5349: D?TLS: self.signed certificate"
  refused "another's certificate by $transport" "turns:$server_address?transport=$transport" "$server_address:5349: D?TLS: self.signed certificate" \
    --ca "$work/other.pem"
  refused "nobody listens, $transport" "turns:$server_address:9?transport=$transport" \
    "$server_address:9: nobody listens there \(connection refused\)" --ca "$work/good.pem"
done
refused "TCP, nobody listens" "turn:$server_address:9?transport=tcp" "$server_address:9: nobody listens there \(connection refused\)"
credentials=(--username u --password q)
refused "wrong password" "turns:$server_address" "$server_address:5349: wrong user name or password" --ca "$work/good.pem"
credentials=(--username u --password p)
refused "not a URI" "turn:$server_address?transport=sctp" ".*transport=udp or transport=tcp.*"

# Nothing but TCP leaves one, or for DTLS nothing but port 5349.
block_udp() {
  in_ns one nft -f - <<RULES
table inet wall
delete table inet wall
table inet wall {
  chain out { type filter hook output priority 0; udp dport $1 accept; meta l4proto udp drop; }
}
RULES
}
# eventually COMMAND...: it succeeds within five seconds.
eventually() {
  local i
  for ((i = 0; i < 50; i++)); do
    "$@" && return
    sleep 0.1
  done
  return 1
}
# scene WHAT URI
scene() {
  peer left one "$stile" connect --stdio --trickle --role controlling --turn "$2" "${credentials[@]}" --ca "$work/good.pem"
  peer right two "$stile" connect --stdio --trickle --role controlled
  introduce left right
  check "$1: they connect" connected left right
  check "$1: by the relay, got '$(kinds left)'" grep -qE '^relay ' <(kinds left)
  check "$1: data arrives from left" converse left right
  check "$1: data arrives from right" converse right left
  check "$1: they end well" dismiss left right
}
block_udp 1
scene "UDP blocked, TCP" "turn:$server_address?transport=tcp"
scene "UDP blocked, TLS on 443" "turns:$server_address:443"
block_udp 5349
scene "UDP blocked but for DTLS" "turns:$server_address?transport=udp"

# All at once: the direct path wins, and each server is told of that fails.
in_ns one nft delete table inet wall
peer left one "$stile" connect --stdio --trickle --role controlling --turn "turns:$server_address" --turn "turn:$server_address" \
  --turn "turn:$server_address:9?transport=tcp" "${credentials[@]}" --ca "$work/good.pem"
peer right two "$stile" connect --stdio --trickle --role controlled
introduce left right
check "raced: they connect" connected left right
check_equal "raced: directly" "host host" "$(kinds left)"
check "raced: they end well" dismiss left right

# The server goes while it relays: its streams are closed, and the session says so.
block_udp 1
peer left one "$stile" connect --stdio --role controlling --turn "turn:$server_address?transport=tcp" "${credentials[@]}"
peer right two "$stile" connect --stdio --role controlled
introduce left right
check "relayed by TCP" connected left right
end "$server_pid" KILL
looks_again() { await_line left '^{"state":"completed"}' && sed '0,/"completed"/d' "$work/left.out" | grep -q '^{"state":"checking"}'; }
check "a relay that is gone is no path any more, and others are looked for" eventually looks_again
dismiss left right >/dev/null 2>&1
finish
