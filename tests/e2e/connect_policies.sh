#!/usr/bin/env bash
# stile connect --policy, --default-route, --no-udp: the four modes of RFC 8828, and what the peer learns in each.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
home a 1
open_host two 203.0.113.22
gateway a
# A second network of the host's, by which the Internet is not reached.
join a other 10.20.30.2/24 gw-a side 10.20.30.1/24
relay_server

# meet OPTIONS...: the peer behind the NAT has these.
meet() {
  peer left a "$stile" connect --stdio --ipv4-only --stun "$server_address" "$@"
  peer right two "$stile" connect --stdio --ipv4-only --role controlled
  introduce left right
  connected left right
}
tells() { grep -q "candidate:[^\"]*$1" <(said left | grep '^{"local"'); }
# scene MODE OPTIONS...
scene() {
  check "mode $1: they connect" meet "${@:2}"
  check "mode $1: data arrives" converse left right
  check "mode $1: and back" converse right left
}

scene 1
check "mode 1: all addresses are told" tells '192\.168\.1\.2'
check "mode 1: the other network's, too" tells '10\.20\.30\.2'
check "mode 1: they end well" dismiss left right

scene 2 --default-route
check "mode 2: that which the Internet is reached from is told" tells '192\.168\.1\.2'
check_not "mode 2: no other is" tells '10\.20\.30\.2'
check "mode 2: they end well" dismiss left right

scene 3 --default-route --policy no-host
check "mode 3: what the NAT shows is told" tells '203\.0\.113\.101 [0-9]* typ srflx'
check_not "mode 3: no address behind it is" tells '192\.168\.1\.2'
check_not "mode 3: nor the other network's" tells '10\.20\.30\.2'
check "mode 3: they end well" dismiss left right

# Of the first number after `Udp:` that is OutDatagrams.
udp_sent() { in_ns a awk '/^Udp: [0-9]/ { print $5 }' /proc/net/snmp; }
before=$(udp_sent)
relayed=(--policy relay --no-udp --username u --password p --turn "turn:$server_address?transport=tcp")
scene 4 --default-route "${relayed[@]}"
check "mode 4: only the relay is told" tells "$server_address [0-9]* typ relay"
check_not "mode 4: no address of the host" tells '192\.168\.1\.2'
check_not "mode 4: nor of its NAT" tells '203\.0\.113\.101'
check_equal "mode 4: no UDP has left it" "$before" "$(udp_sent)"
check "mode 4: they end well" dismiss left right

peer left a "$stile" connect --stdio --no-udp --turn "turn:$server_address?transport=udp" --username u --password p
check "a server over UDP is told of" await_error left 'is asked over UDP, which is off'
wait "${peers[left]}"
check_equal "with nothing else it fails" 1 $?
refused() { in_ns a "$stile" connect --stdio "$@" 2>&1 </dev/null | tail -n 1; }
check_equal "no default route is said in words" "stile connect: this host has no default route; leave out --default-route" \
  "$(in_ns two "$stile" connect --stdio --default-route 2>&1 </dev/null | tail -n 1)"
check "a policy that is none is refused" grep -q 'none-such' <(refused --policy none-such)
finish
