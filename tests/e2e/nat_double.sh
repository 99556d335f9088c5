#!/usr/bin/env bash
# Two NATs one behind the other, stile-nat and the kernel's masquerade, in either order; and two of stile-nat's.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces
command -v nft >/dev/null || { echo "skipped: nft is not installed"; exit 77; }
nat=$build/nat/stile-nat
#   one 10.1.0.2 --- lan 10.1.0.1: inner :wan 100.64.0.2 --- lan 100.64.0.1: outer :wan 203.0.113.1 --- srv 203.0.113.9
namespace one inner outer srv
join one eth0 10.1.0.2/24 inner lan 10.1.0.1/24
join inner wan 100.64.0.2/24 outer lan 100.64.0.1/24
join outer wan 203.0.113.1/24 srv eth0 203.0.113.9/24
ip -n "$prefix-one" route add default via 10.1.0.1
ip -n "$prefix-inner" route add default via 100.64.0.1
ask() { in_ns "$1" "${peer[@]}" "${@:2}"; }
start echo srv "${peer[@]}" udp-echo --at 0.0.0.0:7000 --seconds 120
await_line echo ready

by_stile() {
  start "$1" "$1" "$nat" --inside lan --outside wan "${@:2}"
  declare -g "$1_pid=$pid"
  await_line "$1" '"ready":true'
}
by_kernel() {
  in_ns "$1" sysctl -qw net.ipv4.ip_forward=1
  in_ns "$1" nft -f - <<<'table ip rival {
    chain leaving { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
  }'
}
without_kernel() { in_ns "$1" nft delete table ip rival && in_ns "$1" sysctl -qw net.ipv4.ip_forward=0; }

# passes WHAT: everything that two NATs must let through.
passes() {
  local sent
  check "$1: ping" in_ns one ping -c 2 -i 0.2 -W 2 -q 203.0.113.9
  check_equal "$1: UDP, the outer address, the port of the host" "203.0.113.1:5001 from 203.0.113.9:7000" \
    "$(ask one udp-ask --at 0.0.0.0:5001 --to 203.0.113.9:7000)"
  check_equal "$1: in fragments" "203.0.113.1:5002 from 203.0.113.9:7000" \
    "$(ask one udp-ask --at 0.0.0.0:5002 --to 203.0.113.9:7000 --size 5000)"
  start sink srv "${peer[@]}" tcp-sink --at 203.0.113.9:9000 --seconds 60
  await_line sink ready
  sent=$(ask one tcp-source --to 203.0.113.9:9000 --size 3000000 --seconds 60)
  await_line sink received 30
  check_equal "$1: TCP, 3 MB" "${sent/sent/received} from 203.0.113.1" "$(tail -n 1 "$work/sink.out")"
  check_equal "$1: the second NAT is the second hop" "11/0 from 100.64.0.1" "$(ask one ttl-exceeded --to 203.0.113.9:7000 --ttl 2)"
  check_equal "$1: an error about a packet that both have translated" refused "$(ask one tcp-outcome --to 203.0.113.9:9)"
}

by_kernel outer
check "stile-nat inside starts" by_stile inner
passes "ours inside, the kernel's outside"
end "$inner_pid" TERM
without_kernel outer

by_kernel inner
check "stile-nat outside starts" by_stile outer
passes "the kernel's inside, ours outside"
end "$outer_pid" TERM
without_kernel inner

check "both start" by_stile inner
check "the outer one, too" by_stile outer --forward tcp:8080=100.64.0.2:8080
passes "ours twice"
end "$inner_pid" TERM
check "the inner one has a forward" by_stile inner --forward tcp:8080=10.1.0.2:80
start web one "${peer[@]}" tcp-listen --at 0.0.0.0:80 --seconds 60
await_line web ready
check_equal "two forwards lead inside" connected "$(ask srv tcp-outcome --to 203.0.113.1:8080)"
finish
