#!/usr/bin/env bash
# stile connect with stile connect: roles, trickle, IPv6, NATs, relay, dead servers, input that cannot be used.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
home a 1
home b 2
open_host one 203.0.113.21
open_host two 203.0.113.22
relay_server
connect=("$stile" connect --stdio)
turn=(--turn "turn:$server_address" --username u --password p)

# meet A B: two peers, left and right, in these namespaces; left_options and right_options are theirs.
left_options=()
right_options=()
meet() {
  peer left "$1" "${connect[@]}" "${left_options[@]}"
  peer right "$2" "${connect[@]}" "${right_options[@]}"
  introduce left right
  connected left right
}

# scene WHAT PATTERN A B [OPTIONS...]: they connect, left's pair matches, data flows both ways, they end well.
scene() {
  left_options+=("${@:5}")
  right_options+=("${@:5}")
  check "$1: they connect" meet "$3" "$4"
  check "$1: left's pair is '$2', got '$(kinds left)'" grep -qxE "$2" <(kinds left)
  check "$1: data arrives from left" converse left right
  check "$1: data arrives from right" converse right left
  check "$1: they end well" dismiss left right
  left_options=()
  right_options=()
}
# roles LEFT RIGHT
roles() {
  left_options=(--role "$1")
  right_options=(--role "$2")
}

roles controlling controlled
scene "roles as they should be" "host host" one two
roles controlled controlling
scene "roles the other way round" "host host" one two
roles controlling controlling
scene "both controlling" "host host" one two
roles controlled controlled
scene "both controlled" "host host" one two
roles controlling controlled
scene "both trickle" "host host" one two --trickle "${turn[@]}"
roles controlling controlled
left_options+=(--trickle)
scene "one trickles" "host host" one two "${turn[@]}"

ip -n "$prefix-two" address add 203.0.113.23/24 dev eth0
roles controlling controlled
scene "one has two addresses" "host host" one two
roles controlled controlling
scene "one has two addresses, and the other decides" "host host" one two --trickle
ip -n "$prefix-two" address del 203.0.113.23/24 dev eth0

gateway a
gateway b
roles controlling controlled
scene "behind EIM/EIF" "srflx srflx|prflx srflx|srflx prflx" a b --stun "$server_address"
roles controlling controlling
scene "behind EIM/EIF, trickle, both controlling" "srflx srflx|prflx srflx|srflx prflx" a b --trickle "${turn[@]}"
roles controlling controlled
scene "policy relay" "relay relay" a b --policy relay "${turn[@]}"
peer left a "${connect[@]}" --policy relay "${turn[@]}"
await_line left '"local"'
check_not "policy relay tells no address of ours" grep -qE '192\.168\.1\.2|203\.0\.113\.101' <(said left)
check "policy relay tells the relayed one" grep -qE '203\.0\.113\.10 [0-9]+ typ relay raddr 0\.0\.0\.0 rport 0' <(said left)
dismiss left
no_gateway a
no_gateway b
gateway a --mapping address-and-port-dependent --filtering address-and-port-dependent --ports random
gateway b --mapping address-and-port-dependent --filtering address-and-port-dependent --ports random
roles controlling controlled
scene "behind APDM/APDF" ".* relay|relay .*" a b --trickle "${turn[@]}"
no_gateway a
no_gateway b

# IPv6, without NAT as it is meant to be.
for host in one two srv; do
  in_ns "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0
done
ip -n "$prefix-one" address add 2001:db8::1/64 dev eth0 nodad
ip -n "$prefix-two" address add 2001:db8::2/64 dev eth0 nodad
ip -n "$prefix-srv" address add 2001:db8::10/64 dev eth0 nodad
roles controlling controlled
check "both families: they connect" meet one two
check "both families: IPv6 is preferred, got $(saw left connected)" \
  grep -q '"pair":"\[2001:db8::1\]:[0-9]* \[2001:db8::2\]:' <(said left)
check "both families: data arrives" converse left right
dismiss left right
roles controlling controlled
left_options+=(--ipv4-only)
check "--ipv4-only on one side: they connect" meet one two
check "--ipv4-only on one side: it is IPv4" grep -q '"pair":"203.0.113.21:[0-9]* 203.0.113.22:' <(said left)
dismiss left right
ip -n "$prefix-one" address flush dev eth0 scope global
ip -n "$prefix-one" address add 2001:db8::1/64 dev eth0 nodad
roles controlling controlled
scene "one has IPv6 only" "host host" one two
end "$server_pid" TERM
relay_server --listen '[2001:db8::10]:3478' --relay-address 2001:db8::10 --allow-peer 2001:db8::/32
roles controlling controlled
scene "by an IPv6 relay" "relay relay" one two --policy relay --turn 'turn:[2001:db8::10]:3478' --username u --password p
ip -n "$prefix-one" address add 203.0.113.21/24 dev eth0

# Servers that do not answer: 203.0.113.98 is nobody, nothing listens at 203.0.113.11:9. Without trickle the description
# waits for half a second more than the living server takes; with it nothing waits.
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
servers=(--stun 203.0.113.98 --stun 203.0.113.11:9 --stun "$server_address" --turn turn:203.0.113.98 "${turn[@]}")
# meet_described A B: introduced when both have described themselves: who has a pair before gathers no more, and blames no server.
meet_described() {
  peer left "$1" "${connect[@]}" "${left_options[@]}"
  peer right "$2" "${connect[@]}" "${right_options[@]}"
  await_line left '^{"local":' && await_line right '^{"local":' || return 1
  introduce left right
  connected left right
}
# dead_servers LIMIT OPTIONS...
dead_servers() {
  local began took
  left_options=(--role controlling "${servers[@]}" "${@:2}")
  right_options=(--role controlled "${servers[@]}" "${@:2}")
  began=$(milliseconds)
  check "dead servers ${*:2}: they connect" meet_described one two
  took=$(($(milliseconds) - began))
  check "dead servers ${*:2}: within $1 ms of the start, took $took" test "$took" -lt "$1"
}
dead_servers 4000
check_equal "dead servers: each is told of, in one line" \
  "stile connect: server 203.0.113.11:9: does not answer
stile connect: server 203.0.113.98:3478: does not answer" "$(sort -u "$work/left.err")"
check_equal "dead servers: and once" 2 "$(wc -l <"$work/left.err")"
dismiss left right
dead_servers 4000 --trickle
dismiss left right
finish
