#!/usr/bin/env bash
# How packets come to stile-nat: by AF_XDP, by AF_PACKET where there is none, by a TUN device that the kernel routes to; captures
# of both sides; and that a killed one leaves nothing behind.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
serve echo srv udp-echo --at 0.0.0.0:7000
serve web nat tcp-listen --at 0.0.0.0:8080

# how SIDE: how packets come there.
how() { ctl show | sed -n "s/^packets.$1 *//p"; }
has_xdp() { in_ns nat ip link show "$1" | grep -q 'prog/xdp'; }
# traffic EXTERNAL NAME: UDP, fragments, TCP both ways; locally made packets, whose checksums the kernel leaves open.
traffic() {
  local sent got
  check_equal "$2: UDP out and back" "$1:5001 from 203.0.113.9:7000" "$(ask one udp-ask --at 0.0.0.0:5001 --to 203.0.113.9:7000)"
  check_equal "$2: 1400 bytes" "$1:5002 from 203.0.113.9:7000" "$(ask one udp-ask --at 0.0.0.0:5002 --to 203.0.113.9:7000 --size 1400)"
  check_equal "$2: in fragments" "$1:5003 from 203.0.113.9:7000" "$(ask one udp-ask --at 0.0.0.0:5003 --to 203.0.113.9:7000 --size 9000)"
  check "$2: ping" in_ns one ping -c 2 -i 0.2 -W 2 -q 203.0.113.9
  serve "sink-$2" srv tcp-sink --at 203.0.113.9:9000
  sent=$(ask one tcp-source --to 203.0.113.9:9000 --size 5000000 --seconds 60)
  await_line "sink-$2" received 60
  check_equal "$2: TCP, 5 MB out" "${sent/sent/received} from $1" "$(tail -n 1 "$work/sink-$2.out")"
  serve "serve-$2" srv tcp-serve --at 203.0.113.9:9001 --size 5000000
  got=$(ask one tcp-fetch --to 203.0.113.9:9001 --seconds 60)
  await_line "serve-$2" sent 60
  check_equal "$2: TCP, 5 MB in" "$(tail -n 1 "$work/serve-$2.out" | sed s/sent/received/)" "$got"
}

if start_nat --packets xdp 2>/dev/null; then
  check_equal "xdp: it says so" "xdp xdp" "$(how inside) $(how outside)"
  check "xdp: the interface has a program" has_xdp lan
  traffic 203.0.113.1 xdp
  check_equal "xdp: the machine's own service is reached" connected "$(ask one tcp-outcome --to 10.1.0.1:8080 --seconds 2)"
  check_equal "xdp: and not at the external address" timeout "$(ask srv tcp-outcome --to 203.0.113.1:8080 --seconds 1)"
  check_equal "xdp: a hop answers" "11/0 from 10.1.0.1" "$(ask one ttl-exceeded --to 203.0.113.9:7000 --ttl 1)"
  start wait one "${peer[@]}" udp-wait --at 0.0.0.0:6001 --to 203.0.113.9:7000 --seconds 20
  await_line wait mapped
  check_equal "xdp: hairpin" "back from 203.0.113.1:6001" "$(ask two udp-ask --at 0.0.0.0:6002 --to 203.0.113.1:6001)"
  ip -n "$prefix-nat" address flush dev wan
  ip -n "$prefix-nat" address add 203.0.113.2/24 dev wan
  check_equal "xdp: the external address changes" "203.0.113.2:5009 from 203.0.113.9:7000" \
    "$(ask one udp-ask --at 0.0.0.0:5009 --to 203.0.113.9:7000)"
  ip -n "$prefix-nat" address flush dev wan
  ip -n "$prefix-nat" address add 203.0.113.1/24 dev wan
  check_equal "xdp: and back" "203.0.113.1:5010 from 203.0.113.9:7000" "$(ask one udp-ask --at 0.0.0.0:5010 --to 203.0.113.9:7000)"
  end_nat KILL
  check_not "xdp: SIGKILL leaves no program" has_xdp lan
  check_equal "xdp: the machine's own listener is reached again" connected "$(ask srv tcp-outcome --to 203.0.113.1:8080 --seconds 2)"
  ip -n "$prefix-nat" link add above type bridge
  ip -n "$prefix-nat" link set lan master above
  check_equal "xdp: refused where an interface is stacked on it" \
    "stile-nat: --packets xdp: interface lan has others stacked on it" "$(in_ns nat timeout 5 "$nat" --inside lan --outside wan --packets xdp 2>&1)"
  check "auto: starts there all the same" start_nat --packets auto
  check_equal "auto: by AF_PACKET" packet "$(how inside)"
  end_nat
  ip -n "$prefix-nat" link set lan nomaster
else
  echo "skipped: no XDP here: $(tail -1 "$work/nat.err")"
fi

check "packet: starts" start_nat --packets packet --pcap-inside "$work/inside.pcap" --pcap-outside "$work/outside.pcap" --pcap-limit 1
check_equal "packet: it says so" "packet packet" "$(how inside) $(how outside)"
check_equal "packet: UDP out and back" "203.0.113.1:5001 from 203.0.113.9:7000" "$(ask one udp-ask --at 0.0.0.0:5001 --to 203.0.113.9:7000)"
# flows FILE: source and destination of each UDP packet of a capture.
flows() {
  "${PYTHON:-python3}" - "$1" <<'PY'
import socket, struct, sys
data = open(sys.argv[1], "rb").read()
assert data[:4] == b"\xa1\xb2\xc3\xd4" and struct.unpack(">I", data[20:24]) == (101,)
at = 24
while at < len(data):
    seconds, _, size, _ = struct.unpack(">IIII", data[at:at + 16])
    assert seconds > 1700000000
    packet = data[at + 16:at + 16 + size]
    if packet[9] == 17:
        print("%s:%d>%s:%d" % (socket.inet_ntoa(packet[12:16]), struct.unpack(">H", packet[20:22])[0],
                               socket.inet_ntoa(packet[16:20]), struct.unpack(">H", packet[22:24])[0]), end=" ")
    at += 16 + size
PY
}
check_equal "capture: inside, before the translation and after it" "10.1.0.2:5001>203.0.113.9:7000 203.0.113.9:7000>10.1.0.2:5001 " "$(flows "$work/inside.pcap")"
check_equal "capture: outside" "203.0.113.1:5001>203.0.113.9:7000 203.0.113.9:7000>203.0.113.1:5001 " "$(flows "$work/outside.pcap")"
# What a host hands over as one, and what a card has joined, stays one on its way: the server's interface counts fewer packets
# than would fit the link.
arrived() { in_ns srv cat "/sys/class/net/eth0/statistics/rx_$1"; }
packets=$(arrived packets) bytes=$(arrived bytes)
traffic 203.0.113.1 packet
packets=$(($(arrived packets) - packets)) bytes=$(($(arrived bytes) - bytes))
check "packet: bundles of TCP go through as such ($bytes bytes in $packets packets)" test $((bytes / packets)) -gt 1600
# Ten datagrams that are sent as one; each is answered with its digest.
bundle_of_udp() {
  in_ns one timeout 20 "${PYTHON:-python3}" - <<'PY'
import hashlib, os, socket
UDP_SEGMENT = 103
data = [os.urandom(300) for _ in range(9)] + [os.urandom(200)]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.connect(("203.0.113.9", 7000))
sock.send(b"first")  # whose answer is not counted
sock.recv(100)
sock.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 300)
sock.send(b"".join(data))
answers = {sock.recv(100).split()[1].decode() for _ in data}
assert answers == {hashlib.sha256(each).hexdigest()[:8] for each in data}, answers
PY
}
check "packet: a bundle of UDP arrives as it was" bundle_of_udp
serve big srv tcp-serve --at 203.0.113.9:9002 --size 3000000
ask one tcp-fetch --to 203.0.113.9:9002 --seconds 60 >/dev/null
check "capture: it does not grow beyond its limit" test "$(stat -c %s "$work/inside.pcap")" -le 1048576
check "capture: what is left out is counted" test "$(ctl stats | sed -n 's/^pcap_packets_left_out *//p')" -gt 0
end_nat

# What is left of a segment when each carries a timestamp (RFC 7323 §3.2: 12 bytes).
for host in one srv; do in_ns "$host" sysctl -qw net.ipv4.tcp_timestamps=1; done
serve segments srv tcp-segment-serve --at 203.0.113.9:9003
check "segments: starts with a limit" start_nat --clamp-mss 1000
check_equal "segments: the limit is both ends'" "988 988" "$(ask one tcp-segment-ask --to 203.0.113.9:9003)"
check "segments: they are counted" test "$(ctl stats | sed -n 's/^segment_sizes_lowered *//p')" -eq 2
check_equal "segments: it says so" 1000 "$(ctl show | sed -n 's/^clamp_mss *//p')"
end_nat
ip -n "$prefix-nat" link set wan mtu 1400
check "segments: starts with what fits" start_nat --clamp-mss auto
check_equal "segments: what fits both interfaces" "1348 1348" "$(ask one tcp-segment-ask --to 203.0.113.9:9003)"
ip -n "$prefix-nat" link set wan mtu 1300
check_equal "segments: an interface's new MTU is followed" "1248 1248" "$(ask one tcp-segment-ask --to 203.0.113.9:9003)"
check "a sender hears of it (RFC 4787 REQ-13)" grep -q 'mtu = 1300' <(in_ns two ping -M do -c 1 -W 1 -s 1372 203.0.113.9)
end_nat
ip -n "$prefix-nat" link set wan mtu 1500
check "segments: starts without" start_nat
check_equal "segments: as the ends want it" "1448 1448" "$(ask one tcp-segment-ask --to 203.0.113.9:9003)"
end_nat

[[ -c /dev/net/tun ]] || { echo "skipped: no TUN devices here"; finish; }
# Routed: what inside hosts send is led to the device by a rule, the external address by a route of the world.
in_ns nat sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
ip -n "$prefix-srv" route add 203.0.113.50 via 203.0.113.1
start nat nat "$nat" --tun stile0 --inside-network 10.1.0.0/24 --external 203.0.113.50 --tun-address 10.9.0.1
nat_pid=$pid
check "tun: starts" await_line nat '"ready":true,"tun":"stile0","external":\["203.0.113.50"\]'
ip -n "$prefix-nat" rule add iif lan lookup 100
ip -n "$prefix-nat" route add default dev stile0 table 100
check_equal "tun: it says so" "tun tun" "$(how inside) $(how outside)"
traffic 203.0.113.50 tun
check_equal "tun: the NAT is the second hop" "11/0 from 10.9.0.1" "$(ask one ttl-exceeded --to 203.0.113.9:7000 --ttl 2)"
check "tun: ping the NAT" in_ns srv ping -c 1 -W 2 -q 203.0.113.50
check "tun: a flow in the list" grep -q '10.1.0.2:5001 *203.0.113.50:5001' <(ctl list)
end_nat KILL
check_not "tun: SIGKILL leaves no device" ip -n "$prefix-nat" link show stile0
check_equal "tun: and no route to it" "" "$(ip -n "$prefix-nat" route show | grep stile0)"
for host in one nat; do in_ns "$host" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0; done
in_ns nat sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.lan.accept_dad=0
in_ns one sysctl -qw net.ipv6.conf.eth0.accept_dad=0
ip -n "$prefix-one" address add 2001:db8:1::10/64 dev eth0 nodad
ip -n "$prefix-nat" address add 2001:db8:1::1/64 dev lan nodad
ip -n "$prefix-one" route add default via 2001:db8:1::1
start nat nat "$nat" --tun nat64 --nat64 2001:db8:64::/96 --external 203.0.113.50 --tun-address 2001:db8:9::1
nat_pid=$pid
check "tun: NAT64 starts, and needs no rule" await_line nat '"ready":true'
check_equal "tun: NAT64, UDP" "203.0.113.50:5000 from 2001:db8:64::cb00:7109:7000" \
  "$(ask one udp-ask --at '[::]:5000' --to '[2001:db8:64::203.0.113.9]:7000')"
check "tun: NAT64, ping" in_ns one ping -c 1 -W 2 -q 2001:db8:64::203.0.113.9
end_nat

tun_refused() {
  local output status
  output=$(in_ns nat timeout 5 "$nat" "${@:3}" 2>&1)
  status=$?
  check_equal "refused: $1" "2: stile-nat: $2" "$status: $output"
}
tun_refused "a device and an interface" "--tun stands in place of --inside and --outside; give it alone" --tun t --inside lan
tun_refused "a device without external addresses" "--tun has no addresses to hide behind; add --external ADDR" --tun t
tun_refused "a device that does not know who is inside" "--tun does not know who is inside; add --inside-network CIDR" \
  --tun t --external 203.0.113.50
tun_refused "what goes with a device, without one" "--inside-network and --tun-address go with --tun; give that, too" \
  --inside lan --outside wan --inside-network 10.1.0.0/24
finish
