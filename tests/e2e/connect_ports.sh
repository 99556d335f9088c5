#!/usr/bin/env bash
# stile connect --ports: peers meet through firewalls that let only these ports in.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
for host in one two; do
  in_ns "$host" nft -f - <<'RULES' || exit 1
table inet closed {
  chain in {
    type filter hook input priority 0;
    udp dport != 50000-50003 drop
    tcp flags & (syn | ack) == syn tcp dport != 50000-50003 drop
  }
}
RULES
done

# meet SECONDS OPTIONS...
meet() {
  peer a one "$stile" connect --stdio --ipv4-only "${@:2}"
  peer b two "$stile" connect --stdio --ipv4-only --role controlled "${@:2}"
  introduce a b
  await_line a '^{"connected":' "$1" && await_line b '^{"connected":' "$1"
}
ports_of() { saw "$1" local | grep -o '203.0.113.2[12] [0-9]* typ host\( tcptype [ps]\)\?' | cut -d ' ' -f 2 | sort -n | tr '\n' ' '; }

check_not "without a range nothing comes in" meet 2
check "they end well" dismiss a b
check "with it they meet" meet 10 --ports 50000-50003
check "data arrives" converse a b
for side in a b; do
  check "$side has a port of it" test "$(ports_of "$side")" -ge 50000 -a "$(ports_of "$side")" -le 50003
done
check "they end well" dismiss a b

# Where UDP is blocked.
for host in one two; do in_ns "$host" nft insert rule inet closed in meta l4proto udp drop; done
check "by TCP, too" meet 10 --ports 50000-50003 --ice-tcp
check "they end well" dismiss a b

peer a one "$stile" connect --stdio --ipv4-only --ports 50000-50000
await_line a "^{\"local\":" 10 || exit 1
peer b one "$stile" connect --stdio --ipv4-only --ports 50000-50000
check "a port that another one has" await_line b '^{"failed":' 10
check_equal "why it fails" '{"reason":"no candidate of our own: none of the ports 50000-50000 is free"}' "$(saw b failed)"
wait "${peers[b]}"
check_equal "with status 1" 1 $?
check "the other one ends well" dismiss a
refused() { in_ns one "$stile" connect --stdio "$@" 2>&1 </dev/null | tail -n 1; }
check_equal "a range that is none is refused" "--ports: '50003-50000' is not a range like 50000-50100; see stile connect --help" \
  "$(refused --ports 50003-50000 | sed 's/^stile[^:]*: //')"
finish
