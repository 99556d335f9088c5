#!/usr/bin/env bash
# stile-server with coturn's tools, by one worker and by two: whatever turnutils_uclient sends comes back, over UDP and
# TCP, TLS and DTLS, by channels and by Send indications, over IPv4 and IPv6, with each of its options; its STUN tools
# understand what we answer.
#
#   client 10.99.0.1 fd00:99::1 (the peer's host, too) ---- server 10.99.0.2 .3 fd00:99::2
source "$(dirname "${BASH_SOURCE[0]}")/turnutils.bash"
need_namespaces
need_turnutils uclient peer stunclient natdiscovery

namespace client server
join client eth0 10.99.0.1/24 server eth0 10.99.0.2/24
ip -n "$prefix-server" address add 10.99.0.3/24 dev eth0
for end in "client 1" "server 2"; do
  read -r host number <<<"$end"
  in_ns "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0
  ip -n "$prefix-$host" address add "fd00:99::$number/64" dev eth0 nodad
done
certificate

relay() {
  start server server "$build/server/stile-server" --drain-timeout 0 --listen 10.99.0.2:3478 --listen '[fd00:99::2]:3478' --realm test.org \
    --listen-tls 10.99.0.2:5349 --cert "$work/cert.pem" --key "$work/key.pem" \
    --relay-address 10.99.0.2 --relay-address fd00:99::2 --allow-peer 10.99.0.0/24 --allow-peer fd00:99::/64 \
    --user user:pass --auth-secret secret --user-quota 1000 --mobility "$@"
  server_pid=$pid
  await_line server '"ready":true'
}

# load NAME CLIENTS MESSAGES OPTIONS...: turnutils_uclient in the background, each client sending so many messages, one
# each 5 ms, to a peer of its own that sends them back: who waits for the processor then loses nothing that is sent to
# others. Its last argument is the server.
declare -A peers
peer_port=3480
load() {
  start "$1-peer" client turnutils_peer -L 10.99.0.1 -L fd00:99::1 -p "$peer_port"
  peers[$1]=$pid
  uclient "$1" -m "$2" -n "$3" -l 200 -z 5 -r "$peer_port" "${@:4}"
  peer_port=$((peer_port + 2))
}
# load_back NAME MESSAGES: all_back, and its peer is gone.
load_back() {
  all_back "$@"
  local result=$?
  end "${peers[$1]}" TERM
  return "$result"
}
password=(-u user -w pass -e 10.99.0.1)
over_ipv6=(-u user -w pass -e fd00:99::1)

# told TEXT TOOL OPTIONS...: what the tool prints has the text.
told() {
  in_ns client "turnutils_$2" "${@:3}" >"$work/tool.out" 2>&1
  grep -q "$1" "$work/tool.out" || { cat "$work/tool.out"; return 1; }
}

for workers in 1 2; do
  check "$workers: starts" relay --threads "$workers"
  load udp 50 400 "${password[@]}" -c 10.99.0.2
  load tcp 50 400 "${password[@]}" -c -t 10.99.0.2
  check "$workers: 50 clients over UDP, by channels" load_back udp 20000
  check "$workers: 50 clients over TCP, by channels" load_back tcp 20000

  load send 5 20 "${password[@]}" -c -s 10.99.0.2
  load tcp-send 5 20 "${password[@]}" -c -s -t 10.99.0.2
  load padded 5 20 "${password[@]}" -c -D -l 199 10.99.0.2
  load pairs 5 20 "${password[@]}" 10.99.0.2
  load tcp-pairs 5 20 "${password[@]}" -t 10.99.0.2
  load between 5 20 "${password[@]}" -y 10.99.0.2
  load tcp-between 5 20 "${password[@]}" -y -s -t 10.99.0.2
  load more 5 20 "${password[@]}" -c -G 10.99.0.2
  load rest 5 20 -u someone -W secret -e 10.99.0.1 -c 10.99.0.2
  load large 5 20 "${password[@]}" -c -l 1400 10.99.0.2
  load tls 5 20 "${password[@]}" -c -t -S -p 5349 10.99.0.2
  load dtls 5 20 "${password[@]}" -c -S -p 5349 10.99.0.2
  load six 5 20 "${over_ipv6[@]}" -c -x fd00:99::2
  load tcp-six 5 20 "${over_ipv6[@]}" -c -x -s -t fd00:99::2
  load four-to-six 5 20 "${over_ipv6[@]}" -c -x 10.99.0.2
  load dual 5 20 "${password[@]}" -Z 10.99.0.2
  load dual-send 5 20 "${password[@]}" -Z -s -t 10.99.0.2
  load explicit-four 5 20 "${password[@]}" -c -X 10.99.0.2
  load unfragmented 5 20 "${password[@]}" -c -g 10.99.0.2
  load unfragmented-send 5 20 "${password[@]}" -c -g -s -l 1400 10.99.0.2
  load rest-tls 5 20 -u someone -W secret -e 10.99.0.1 -c -t -S -p 5349 10.99.0.2
  load moving-six 5 20 "${over_ipv6[@]}" -c -M -x fd00:99::2
  check "$workers: Send indications" load_back send 100
  check "$workers: Send indications over TCP" load_back tcp-send 100
  check "$workers: ChannelData padded over UDP, odd length" load_back padded 100
  check "$workers: RTP and RTCP, even port and reservation" load_back pairs 100
  check "$workers: RTP and RTCP over TCP" load_back tcp-pairs 100
  check "$workers: from one relayed address to another" load_back between 100
  check "$workers: the same over TCP, by Send indications" load_back tcp-between 100
  check "$workers: further permissions and channels" load_back more 100
  check "$workers: a REST secret" load_back rest 100
  check "$workers: 1400 bytes" load_back large 100
  check "$workers: over TLS" load_back tls 100
  check "$workers: over DTLS" load_back dtls 100
  check "$workers: IPv6" load_back six 100
  check "$workers: IPv6 over TCP, by Send indications" load_back tcp-six 100
  check "$workers: an IPv4 client and an IPv6 peer" load_back four-to-six 100
  check "$workers: relayed addresses of both families" load_back dual 100
  check "$workers: the same over TCP, by Send indications" load_back dual-send 100
  check "$workers: an IPv4 relayed address asked for by its family" load_back explicit-four 100
  check "$workers: DONT-FRAGMENT" load_back unfragmented 100
  check "$workers: DONT-FRAGMENT in Send indications of 1400 bytes" load_back unfragmented-send 100
  check "$workers: a REST secret over TLS" load_back rest-tls 100
  check "$workers: mobility over IPv6" load_back moving-six 100

  check "$workers: Binding" told 'UDP reflexive addr: 10.99.0.1:' stunclient 10.99.0.2
  check "$workers: Binding over IPv6" told 'UDP reflexive addr: \[\?fd00:99::1' stunclient fd00:99::2
  end "$server_pid" TERM
  check_equal "$workers: ends well" 0 $?

  check "$workers: starts with a second address" relay --threads "$workers" --behavior-discovery --alternate-address 10.99.0.3
  check "$workers: mapping behaviour" told 'NAT with Endpoint Independent Mapping!' natdiscovery -m 10.99.0.2
  check "$workers: filtering behaviour" told 'NAT with Endpoint Independent Filtering!' natdiscovery -f 10.99.0.2
  check "$workers: Binding to another port" told 'RFC 5780 response 3' stunclient -f 10.99.0.2
  end "$server_pid" TERM
done
finish
