#!/usr/bin/env bash
# What a relay does with the IP headers of relayed datagrams, and with ICMP errors about them: DF, DSCP, ECN, RFC 8656 §11.5.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces

#   client 203.0.113.2 -- srv 203.0.113.10, 203.0.113.17 -- router 203.0.113.18, .33, an MTU of 1300 -- peer 203.0.113.34
namespace client srv router peer
join client eth0 203.0.113.2/28 srv eth0 203.0.113.10/28
join srv eth1 203.0.113.17/28 router eth0 203.0.113.18/28
join router eth1 203.0.113.33/28 peer eth0 203.0.113.34/28
ip -n "$prefix-router" link set eth1 mtu 1300
ip -n "$prefix-peer" link set eth0 mtu 1300
ip -n "$prefix-srv" route add default via 203.0.113.18
ip -n "$prefix-peer" route add default via 203.0.113.33
for each in router peer; do in_ns "$each" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0; done

start server srv "$build/server/stile-server" --listen 203.0.113.10:3478 --relay-address 203.0.113.17 --realm test --user u:p \
  --threads 1 --allow-peer 203.0.113.0/24 --drain-timeout 0
server=$pid
await_line server '"ready":true'
for scenario in unreachable too_large_for_the_path too_large_for_the_first_link fragmented whole whole_over_tcp marks_to_peer \
  marks_to_client others_go_on; do
  check "$scenario" in_ns client timeout 30 "${PYTHON:-python3}" "$here/ip_fields.py" "$scenario" "/run/netns/$prefix-peer"
done
end "$server" TERM
check_equal "SIGTERM ends it well" 0 $?
finish
