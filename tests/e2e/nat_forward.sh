#!/usr/bin/env bash
# Port forwarding and static addresses through stile-nat, from outside, from inside, and what is refused.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network

serve web one tcp-listen --at 0.0.0.0:8080
serve game one udp-echo --at 0.0.0.0:6000
serve games one udp-echo --at 0.0.0.0:6011
serve echo srv udp-echo --at 0.0.0.0:7000

check "starts with forwards" start_nat --forward tcp:80=10.1.0.2:8080 --forward udp:203.0.113.1:5000=10.1.0.2:6000 \
  --forward udp:5010-5019=10.1.0.2:6010 --filtering address-and-port-dependent --log "$work/log"
check_equal "TCP from outside reaches the forwarded port" connected "$(ask srv tcp-outcome --to 203.0.113.1:80)"
check_equal "TCP from inside, too" connected "$(ask two tcp-outcome --to 203.0.113.1:80)"
check_equal "UDP, from the address that it was sent to" "203.0.113.9:4000 from 203.0.113.1:5000" \
  "$(ask srv udp-ask --at 203.0.113.9:4000 --to 203.0.113.1:5000)"
check_equal "UDP, from another outside address" "203.0.113.10:4000 from 203.0.113.1:5000" \
  "$(ask srv udp-ask --at 203.0.113.10:4000 --to 203.0.113.1:5000)"
check_equal "UDP from inside sees the external address" "203.0.113.1:4001 from 203.0.113.1:5000" \
  "$(ask two udp-ask --at 0.0.0.0:4001 --to 203.0.113.1:5000)"
check_equal "a range of ports" "203.0.113.9:4002 from 203.0.113.1:5011" \
  "$(ask srv udp-ask --at 203.0.113.9:4002 --to 203.0.113.1:5011)"
check_equal "a port that is not forwarded stays shut" timeout "$(ask srv tcp-outcome --to 203.0.113.1:81 --seconds 1)"
check_equal "another host does not get a forwarded port" 0 \
  "$(ask two udp-ask --at 0.0.0.0:5010 --to 203.0.113.9:7000 | grep -c '^203.0.113.1:5010 ')"
check "the log tells of them" grep -q '"event":"created","protocol":"tcp","inside":"10.1.0.2:8080","external":"203.0.113.1:80","forward":true' "$work/log"
check "ctl show tells of them" grep -q 'udp:5010-5019=10.1.0.2:6010' <(ctl show)
ctl flush >/dev/null
check_equal "a flush leaves them" connected "$(ask srv tcp-outcome --to 203.0.113.1:80)"
end_nat
check_equal "they end with the NAT" refused "$(ask srv tcp-outcome --to 203.0.113.1:80)"

check "starts with a static address" start_nat --static 10.1.0.2=203.0.113.7
check "ping from outside reaches the host" in_ns srv ping -c 1 -W 2 -q 203.0.113.7
check_equal "TCP from outside reaches any port of it" connected "$(ask srv tcp-outcome --to 203.0.113.7:8080)"
check_equal "UDP, likewise" "203.0.113.9:4003 from 203.0.113.7:6000" \
  "$(ask srv udp-ask --at 203.0.113.9:4003 --to 203.0.113.7:6000)"
check_equal "out it goes as its own address" "203.0.113.7:4004 from 203.0.113.9:7000" \
  "$(ask one udp-ask --at 0.0.0.0:4004 --to 203.0.113.9:7000)"
check_equal "others share the other address" "203.0.113.1:4005 from 203.0.113.9:7000" \
  "$(ask two udp-ask --at 0.0.0.0:4005 --to 203.0.113.9:7000)"
check_equal "others reach it from inside" "203.0.113.1:4006 from 203.0.113.7:6000" \
  "$(ask two udp-ask --at 0.0.0.0:4006 --to 203.0.113.7:6000)"
check "others ping it from inside" in_ns two ping -c 1 -W 2 -q 203.0.113.7
check "large datagrams in fragments" in_ns srv ping -c 2 -i 0.2 -W 2 -q -s 4000 203.0.113.7
check "ctl show tells of it" grep -q '10.1.0.2=203.0.113.7' <(ctl show)
end_nat

refused "a port forwarded twice" \
  "forward tcp:80=10.1.0.3:80: the external port is that of tcp:79-81=10.1.0.2:8080, too" \
  --forward tcp:79-81=10.1.0.2:8080 --forward tcp:80=10.1.0.3:80
refused "an address that is not the NAT's" \
  "forward tcp:203.0.113.77:80=10.1.0.2:80: 203.0.113.77 is not among the external addresses" \
  --forward tcp:203.0.113.77:80=10.1.0.2:80
refused "no forward" "--forward: '80=10.1.0.2' is not of the form tcp:80=10.0.0.2:8080; see stile-nat --help" \
  --forward 80=10.1.0.2
refused "a static address that all share" \
  "static 10.1.0.2=203.0.113.1: 203.0.113.1 is shared by the other inside hosts" \
  --external 203.0.113.1 --static 10.1.0.2=203.0.113.1
refused "a static address for two" "static 10.1.0.3=203.0.113.7: contradicts static 10.1.0.2=203.0.113.7" \
  --static 10.1.0.2=203.0.113.7 --static 10.1.0.3=203.0.113.7

cat >"$work/nat.toml" <<'TOML'
forward = [
  "tcp:80=10.1.0.2:8080",
  "tcp:81",
]
TOML
refused "a bad value in the file, with its place" \
  "$work/nat.toml:3:3: --forward: 'tcp:81' is not of the form tcp:80=10.0.0.2:8080" --config "$work/nat.toml"
printf 'static = "10.1.0.2=203.0.113.7"\nfrobnicate = 1\n' >"$work/nat.toml"
refused "an unknown key, with its place" "$work/nat.toml:2:1: there is no key 'frobnicate'; see stile-nat --help" \
  --config "$work/nat.toml"
printf 'udp-timeout = 300\nparity = "no"\n' >"$work/nat.toml"
refused "a value of another kind, with its place" "$work/nat.toml:2:10: 'parity' takes true or false" \
  --config "$work/nat.toml"
printf 'mapping = endpoint-independent\n' >"$work/nat.toml"
check "refused: what is no TOML, with its place" grep -q "^stile-nat: $work/nat.toml:1:[0-9]*: " \
  <(in_ns nat "$nat" --inside lan --outside wan --config "$work/nat.toml" 2>&1)
refused "a file that is not there" "$work/none: No such file or directory; give the path of a file that can be read" \
  --config "$work/none"
finish
