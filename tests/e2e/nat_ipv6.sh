#!/usr/bin/env bash
# IPv6 through stile-nat: NAT64, 464XLAT (CLAT and NAT64 one behind the other), NPTv6; over real links, with neighbour discovery.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
#   v4 192.168.7.2 --- lan: CLAT :wan 2001:db8:1::2 ---+
#                                                      +--- lan: NAT64 :wan 203.0.113.1 --- srv 203.0.113.9
#   v6 2001:db8:1::10 ---------------------------------+    2001:db8:1::1
namespace v4 clat v6 switch nat srv
for host in clat v6 nat; do in_ns "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0; done
ip -n "$prefix-switch" link add bridge type bridge
ip -n "$prefix-switch" link set bridge up
join v4 eth0 192.168.7.2/24 clat lan 192.168.7.1/24
join clat wan 2001:db8:1::2/64 switch clat
join v6 eth0 2001:db8:1::10/64 switch v6
join nat lan 2001:db8:1::1/64 switch nat
join nat wan 203.0.113.1/24 srv eth0 203.0.113.9/24
for host in clat v6 nat; do ip -n "$prefix-switch" link set "$host" master bridge; done
ip -n "$prefix-v4" route add default via 192.168.7.1
ip -n "$prefix-v6" route add default via 2001:db8:1::1
ip -n "$prefix-clat" route add default via 2001:db8:1::1
ip -n "$prefix-nat" route add 2001:db8:c::/96 via 2001:db8:1::2
# The kernels would forward, if they were let.
for host in clat nat; do in_ns "$host" sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1; done

serve echo srv udp-echo --at 0.0.0.0:7000
serve sink srv tcp-sink --at 0.0.0.0:7001
serve web v6 tcp-listen --at '[::]:8080'
counter() { ctl stats | sed -n "s/^$1 *//p"; }

serve names v6 dns-serve --at '[::]:5353' --text 203.0.113.9
check "NAT64 starts" start_nat --nat64 2001:db8:64::/96 --dns64 '[2001:db8:1::10]:5353' --forward 'tcp:80=[2001:db8:1::10]:8080' --log "$work/log"
check "ping from IPv6 to IPv4" in_ns v6 ping -c 2 -i 0.2 -W 2 -q 2001:db8:64::203.0.113.9
check_equal "UDP" "203.0.113.1:5000 from 2001:db8:64::cb00:7109:7000" \
  "$(ask v6 udp-ask --at '[::]:5000' --to '[2001:db8:64::203.0.113.9]:7000')"
sent=$(ask v6 tcp-source --to '[2001:db8:64::203.0.113.9]:7001' --size 3000000)
await_line sink received 5
check_equal "TCP, three megabytes" "received ${sent#sent } from 203.0.113.1" "$(tail -1 "$work/sink.out")"
check_equal "IPv4 reaches a static entry" connected "$(ask srv tcp-outcome --to 203.0.113.1:80)"
check_equal "a port that nobody has is refused" refused "$(ask v6 tcp-outcome --to '[2001:db8:64::203.0.113.9]:9')"
check "the list names the IPv6 host" grep -q '\[2001:db8:1::10\]:5000 *203.0.113.1:5000' <(ctl list)
check "the log does, too" grep -q '"inside":"\[2001:db8:1::10\]:5000","external":"203.0.113.1:5000"' "$work/log"
check_equal "DNS64: a name with an IPv4 address has one in the prefix" 2001:db8:64::cb00:7109 \
  "$(ask v6 dns-ask --to '[2001:db8:1::1]:53')"
check "stats" test "$(counter nat64.to_ipv4)" -gt 0
check "it answers pings outside" in_ns srv ping -c 1 -W 2 -q 203.0.113.1

ip -n "$prefix-v6" route add 2001:db8:64::/96 dev eth0
check "so is an inside host that has the prefix on its link" in_ns v6 ping -c 1 -W 5 -q 2001:db8:64::203.0.113.9
ip -n "$prefix-v6" route del 2001:db8:64::/96 dev eth0

start clat clat "$nat" --inside lan --outside wan --clat 2001:db8:c::/96=2001:db8:64::/96
clat_pid=$pid
check "CLAT starts" await_line clat '"ready":true'
check "464XLAT: ping from IPv4 to IPv4" in_ns v4 ping -c 2 -i 0.2 -W 2 -q 203.0.113.9
check_equal "464XLAT: UDP" "203.0.113.1:6000 from 203.0.113.9:7000" \
  "$(ask v4 udp-ask --at 0.0.0.0:6000 --to 203.0.113.9:7000)"
check_equal "464XLAT: a datagram of 1400 bytes" "203.0.113.1:6001 from 203.0.113.9:7000" \
  "$(ask v4 udp-ask --at 0.0.0.0:6001 --to 203.0.113.9:7000 --size 1400)"
serve sink2 srv tcp-sink --at 0.0.0.0:7002
sent=$(ask v4 tcp-source --to 203.0.113.9:7002 --size 3000000)
await_line sink2 received 5
check_equal "464XLAT: TCP, three megabytes" "received ${sent#sent } from 203.0.113.1" "$(tail -1 "$work/sink2.out")"
check_equal "464XLAT: the first router answers" "11/0 from 192.168.7.1" "$(ask v4 ttl-exceeded --to 203.0.113.9:33434 --ttl 1)"
end "$clat_pid" TERM
check_equal "it ends well" 0 $?
end_nat
check_equal "NAT64 ends well" 0 $?
check_equal "nothing is left of the fence" "" "$(in_ns nat nft list tables | grep stile)"

await_state() { for ((i = 0; i < 200; i++)); do grep -qF "$1" "$work/state" 2>/dev/null && return 0; sleep 0.05; done; return 1; }
state=(--state "$work/state" --state-interval 100ms)
check "NAT64 starts with a state file" start_nat --nat64 2001:db8:64::/96 --ports random "${state[@]}"
before=$(ask v6 udp-ask --at '[::]:5001' --to '[2001:db8:64::203.0.113.9]:7000')
check "a flow is in it" await_state '[2001:db8:1::10]:5001'
end_nat KILL
check "it starts again" start_nat --nat64 2001:db8:64::/96 --ports random "${state[@]}"
check_equal "the flow has survived SIGKILL" "$before" "$(ask v6 udp-ask --at '[::]:5001' --to '[2001:db8:64::203.0.113.9]:7000')"
# Hosts ask for external ports by PCP.
nat64_pcp() { in_ns v6 python3 "$here/pcp_ask.py" map --protocol tcp --internal 8080 --server '[2001:db8:1::1]:5351' "$@"; }
reached() { ask srv tcp-outcome --to 203.0.113.1:8000 --seconds "$1"; }
check_equal "NAT64: before a host has asked nobody comes in" timeout "$(reached 1)"
check_equal "NAT64: it is granted, and the prefix told" "203.0.113.1:8000 for 600 by 2001:db8:64::/96" "$(nat64_pcp --suggest 203.0.113.1:8000 --prefix64)"
check_equal "NAT64: then they do" connected "$(reached 5)"
check "NAT64: it is listed" grep -q '"inside":"\[2001:db8:1::10\]:8080","external":"203.0.113.1:8000","time_left"' <(ctl list --json)
check_equal "NAT64: a stranger cannot take it" "result 2" "$(nat64_pcp --nonce other)"
check "NAT64: it is kept" await_state '"external":"203.0.113.1:8000","time_left"'
end_nat KILL
check "NAT64: it starts again with it" start_nat --nat64 2001:db8:64::/96 --ports random "${state[@]}"
check_equal "NAT64: SIGKILL has not ended it" connected "$(reached 5)"
check_equal "NAT64: its host renews it" "203.0.113.1:8000 for 600" "$(nat64_pcp)"
check "NAT64: requests are counted" test "$(counter port_control.pcp.success)" -eq 1
end_nat
rm "$work/state"
check "NAT64 starts without PCP" start_nat --nat64 2001:db8:64::/96 --no-pcp "${state[@]}"
check_equal "NAT64: and does not hear who asks" refused "$(nat64_pcp)"
end_nat
rm "$work/state"

# NPTv6: v6 inside has fd00:1:1::10, the world sees 2001:db8:5::/48, which the server routes here.
namespace inner router world
for host in inner router world; do in_ns "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0; done
join inner eth0 fd00:1:1::10/64 router lan fd00:1:1::1/64
join router wan 2001:db8:9::1/64 world eth0 2001:db8:9::9/64
ip -n "$prefix-inner" route add default via fd00:1:1::1
ip -n "$prefix-world" route add 2001:db8:5::/48 via 2001:db8:9::1
in_ns router sysctl -qw net.ipv6.conf.all.forwarding=1
start npt router "$nat" --inside lan --outside wan --nptv6 fd00:1:1::/48=2001:db8:5::/48
npt_pid=$pid
check "NPTv6 starts" await_line npt '"ready":true'
serve echo6 world udp-echo --at '[::]:7000'
seen=$(ask inner udp-ask --at '[::]:5000' --to '[2001:db8:9::9]:7000' | cut -d' ' -f1)
check "UDP leaves from the external prefix, its port kept" grep -q '^2001:db8:5:[0-9a-f]*::10:5000$' <<<"$seen"
check "ping" in_ns inner ping -c 2 -i 0.2 -W 2 -q 2001:db8:9::9
outside=${seen%:5000}
check "the world reaches the host at that address" in_ns world ping -c 2 -i 0.2 -W 2 -q "$outside"
serve sink6 world tcp-sink --at '[::]:7001'
sent=$(ask inner tcp-source --to '[2001:db8:9::9]:7001' --size 1000000)
await_line sink6 received 5
check_equal "TCP" "received ${sent#sent } from $outside" "$(tail -1 "$work/sink6.out")"
ip -n "$prefix-world" route replace 2001:db8:5::/48 dev eth0
check "neighbours who have the prefix on their link are answered" in_ns world ping -c 2 -i 0.2 -W 5 -q "$outside"
check_equal "by the NAT" "$(in_ns router cat /sys/class/net/wan/address)" \
  "$(ip -n "$prefix-world" neigh show "$outside" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p')"
end "$npt_pid" TERM
check_equal "it ends well" 0 $?
ip -n "$prefix-world" route replace 2001:db8:5::/48 via 2001:db8:9::1

wall=("$nat" --inside lan --outside wan --ipv6-firewall 2001:db8:5::/48 --pinhole 'tcp:[2001:db8:5::10]:8080' "${state[@]}")
start wall router "${wall[@]}"
wall_pid=$pid
check "the firewall starts" await_line wall '"ready":true'
ip -n "$prefix-router" address add 2001:db8:5::1/64 dev lan
ip -n "$prefix-inner" address add 2001:db8:5::10/64 dev eth0
ip -n "$prefix-inner" route replace default via 2001:db8:5::1
serve web6 inner tcp-listen --at '[::]:8080'
serve shut6 inner tcp-listen --at '[::]:8081'
check_equal "addresses stay" "2001:db8:5::10:5000 from 2001:db8:9::9:7000" \
  "$(ask inner udp-ask --at '[2001:db8:5::10]:5000' --to '[2001:db8:9::9]:7000')"
check "ping outwards" in_ns inner ping -c 2 -i 0.2 -W 2 -q 2001:db8:9::9
check_not "no ping inwards" in_ns world ping -c 1 -W 1 -q 2001:db8:5::10
check_equal "a pinhole is open" connected "$(ask world tcp-outcome --to '[2001:db8:5::10]:8080')"
check_equal "all else is not" timeout "$(ask world tcp-outcome --to '[2001:db8:5::10]:8081' --seconds 1)"
check "the kernel is kept away" grep -q 'table ip6 stile-nat-lan-wan' <(in_ns router nft list tables)
check "its sessions are kept" await_state '[2001:db8:5::10]:5000'
end "$wall_pid" KILL
start wall router "${wall[@]}"
wall_pid=$pid
await_line wall '"ready":true'
check "and taken up again after SIGKILL" grep -q '\[2001:db8:5::10\]:5000 .*\[2001:db8:9::9\]:7000' <(in_ns router "$nat" ctl list)
end "$wall_pid" KILL
check_equal "killed, it leaves nothing" "" "$(in_ns router nft list tables)"

# Hosts ask for pinholes by PCP.
wall=("$nat" --inside lan --outside wan --ipv6-firewall 2001:db8:5::/48 --filtering address-and-port-dependent "${state[@]}")
start wall router "${wall[@]}"
wall_pid=$pid
check "the firewall starts that hosts may ask" await_line wall '"ready":true'
pcp() { in_ns "$1" python3 "$here/pcp_ask.py" "${@:2}" --protocol tcp --suggest '[::]:0' --server '[2001:db8:5::1]:5351'; }
listening() { ask world tcp-outcome --to '[2001:db8:5::10]:8081' --seconds "$1"; }
check_equal "before it has asked nobody comes in" timeout "$(listening 1)"
check_equal "it is granted" "[2001:db8:5::10]:8081 for 600" "$(pcp inner map --internal 8081)"
check_equal "then they do" connected "$(listening 5)"
check "it is listed" grep -q '"inside":"\[2001:db8:5::10\]:8081"' <(in_ns router "$nat" ctl list --json)
check_equal "a stranger cannot take it" "result 2" "$(pcp inner map --internal 8081 --nonce other)"
check_equal "a host outside is not heard" timeout "$(pcp world map --internal 8081 --seconds 1)"
check "it is kept" await_state '"external":"[2001:db8:5::10]:8081","time_left"'
end "$wall_pid" KILL
start wall router "${wall[@]}"
wall_pid=$pid
check "after SIGKILL" await_line wall '"ready":true'
check_equal "it is there" connected "$(listening 5)"
check_equal "and renewed by its host" "[2001:db8:5::10]:8081 for 600" "$(pcp inner map --internal 8081)"
check_equal "whose it is again" "result 2" "$(pcp inner map --internal 8081 --nonce other)"
check_equal "it is given back" "[::]:0 for 0" "$(pcp inner map --internal 8081 --lifetime 0)"
check_equal "and nobody comes in again" timeout "$(listening 1)"
check_equal "requests are counted" 3 \
  "$(in_ns router "$nat" ctl stats --json | python3 -c 'import json, sys; print(sum(json.load(sys.stdin)["port_control"]["pcp"].values()))')"
end "$wall_pid" TERM

refused "two of them" "give one of --nat64, --clat, --nptv6 and --ipv6-firewall" --nat64 64:ff9b::/96 --nptv6 fd00:1::/48=2001:db8:1::/48
refused "no prefix" "--nat64: '2001:db8::/33' is not of the form 64:ff9b::/96 or 2001:db8:64::/48; see stile-nat --help" --nat64 2001:db8::/33
finish
