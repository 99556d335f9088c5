#!/usr/bin/env bash
# stile-nat and tayga (Debian's stateless NAT64): 464XLAT with either of them at either end, and the errors and large packets
# that they exchange.
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/nat_net.bash"
command -v tayga >/dev/null || { echo "skipped: tayga is not installed"; exit 77; }
[[ -c /dev/net/tun ]] || { echo "skipped: no TUN devices here"; exit 77; }
need_namespaces
#   v4 192.168.7.2 --- lan: CLAT :wan 2001:db8:1::2 --- lan 2001:db8:1::1: NAT64 :wan 203.0.113.1 --- srv 203.0.113.9
namespace v4 clat nat srv
for host in clat nat; do in_ns "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0; done
join v4 eth0 192.168.7.2/24 clat lan 192.168.7.1/24
join clat wan 2001:db8:1::2/64 nat lan 2001:db8:1::1/64
join nat wan 203.0.113.1/24 srv eth0 203.0.113.9/24
ip -n "$prefix-v4" route add default via 192.168.7.1
for host in clat nat; do in_ns "$host" sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1; done
serve echo srv udp-echo --at 0.0.0.0:7000
serve sink srv tcp-sink --at 0.0.0.0:7001

# start_tayga NAMESPACE LINES: with its device up.
start_tayga() {
  printf 'tun-device nat64\nprefix 2001:db8:64::/96\ndata-dir %s\n%s\n' "$work" "$2" >"$work/tayga.conf"
  in_ns "$1" tayga -c "$work/tayga.conf" --mktun >/dev/null || exit 1
  ip -n "$prefix-$1" link set nat64 up
  start tayga "$1" tayga -c "$work/tayga.conf" -d
  tayga_pid=$pid
}
end_tayga() {
  end "$tayga_pid" TERM
  in_ns "$1" tayga -c "$work/tayga.conf" --rmtun >/dev/null
}
# both_ways EXTERNAL WHAT: a client of IPv4 and a server of IPv4, the two translators between them.
both_ways() {
  local sent
  check "$2: ping" in_ns v4 ping -c 2 -i 0.2 -W 5 -q 203.0.113.9
  check_equal "$2: UDP" "$1:6000 from 203.0.113.9:7000" "$(ask v4 udp-ask --at 0.0.0.0:6000 --to 203.0.113.9:7000)"
  check_equal "$2: a datagram in fragments" "$1:6001 from 203.0.113.9:7000" \
    "$(ask v4 udp-ask --at 0.0.0.0:6001 --to 203.0.113.9:7000 --size 3000)"
  sent=$(ask v4 tcp-source --to 203.0.113.9:7001 --size 1000000 --seconds 30)
  await_line sink received 30
  check_equal "$2: TCP, a megabyte" "received ${sent#sent } from $1" "$(tail -1 "$work/sink.out")"
  check_equal "$2: a port that nobody has is refused" refused "$(ask v4 tcp-outcome --to 203.0.113.9:9)"
}

start_tayga nat "$(printf 'ipv4-addr 203.0.113.65\nipv6-addr 2001:db8:1::65\nmap 203.0.113.66 2001:db8:c::c0a8:702')"
ip -n "$prefix-nat" route add 2001:db8:64::/96 dev nat64
ip -n "$prefix-nat" route add 203.0.113.64/28 dev nat64
ip -n "$prefix-nat" route add 2001:db8:c::/96 via 2001:db8:1::2
ip -n "$prefix-srv" route add 203.0.113.64/28 via 203.0.113.1
ip -n "$prefix-clat" route add default via 2001:db8:1::1
start clat clat "$nat" --inside lan --outside wan --clat 2001:db8:c::/96=2001:db8:64::/96
clat_pid=$pid
check "stile-nat starts as the CLAT" await_line clat '"ready":true'
both_ways 203.0.113.66 "our CLAT, tayga's NAT64"
end "$clat_pid" TERM
end_tayga nat

serve sink srv tcp-sink --at 203.0.113.9:7001
ip -n "$prefix-nat" route del 203.0.113.64/28 2>/dev/null
start_tayga clat "$(printf 'ipv4-addr 192.168.9.1\nipv6-addr 2001:db8:c::1\nmap 192.168.7.2 2001:db8:c::c0a8:702')"
ip -n "$prefix-clat" route add 203.0.113.0/24 dev nat64
ip -n "$prefix-clat" route add 2001:db8:c::/96 dev nat64
check "stile-nat starts as the NAT64" start_nat --nat64 2001:db8:64::/96
both_ways 203.0.113.1 "tayga's CLAT, our NAT64"
end_nat
end_tayga clat
finish
