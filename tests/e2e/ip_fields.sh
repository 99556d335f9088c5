#!/usr/bin/env bash
# What a relay does with the IP headers of relayed datagrams, and with ICMP errors about them: DF, DSCP, ECN, RFC 8656 §11.5.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces

#   client .2, 1::2 -- srv .10, 1::10 and .17, 2::17 -- router .18, 2::18 and .33, 3::33 (an MTU of 1300) -- peer .34, 3::34
#   of 203.0.113.0/24 and 2001:db8::/32
namespace client srv router peer
for each in client srv router peer; do
  in_ns "$each" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
done
join client eth0 203.0.113.2/28 srv eth0 203.0.113.10/28
join srv eth1 203.0.113.17/28 router eth0 203.0.113.18/28
join router eth1 203.0.113.33/28 peer eth0 203.0.113.34/28
v6() { ip -n "$prefix-$1" address add "2001:db8:$2/64" dev "$3" nodad; }
v6 client 1::2 eth0
v6 srv 1::10 eth0
v6 srv 2::17 eth1
v6 router 2::18 eth0
v6 router 3::33 eth1
v6 peer 3::34 eth0
ip -n "$prefix-router" link set eth1 mtu 1300
ip -n "$prefix-peer" link set eth0 mtu 1300
ip -n "$prefix-srv" route add default via 203.0.113.18
ip -n "$prefix-srv" route add default via 2001:db8:2::18
ip -n "$prefix-peer" route add default via 203.0.113.33
ip -n "$prefix-peer" route add default via 2001:db8:3::33
for each in router peer; do
  in_ns "$each" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
done

start server srv "$build/server/stile-server" --listen 203.0.113.10:3478 --listen '[2001:db8:1::10]:3478' --relay-address 203.0.113.17 \
  --relay-address 2001:db8:2::17 --realm test --user u:p --threads 1 --allow-peer 203.0.113.0/24 --allow-peer 2001:db8::/32 \
  --drain-timeout 0
server=$pid
await_line server '"ready":true'
for family in 4 6; do
  for scenario in unreachable too_large_for_the_path too_large_for_the_first_link fragmented marks_to_peer marks_to_client others_go_on \
    whole whole_over_tcp; do
    [[ $family == 6 && $scenario == whole* ]] && continue  # there is no DF
    check "IPv$family: $scenario" \
      in_ns client timeout 30 "${PYTHON:-python3}" "$here/ip_fields.py" "$scenario" "/run/netns/$prefix-peer" "$family"
  done
done
end "$server" TERM
check_equal "SIGTERM ends it well" 0 $?
finish
