#!/usr/bin/env bash
# A port that two servers share: stickiness, health, failing over; and protocols beside UDP and TCP through stile-nat.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
for number in {20..35}; do ip -n "$prefix-srv" address add "203.0.113.$number/24" dev eth0; done
serve web1 one tcp-say --at 0.0.0.0:8080 --text one
web1_pid=$pid
serve web2 two tcp-say --at 0.0.0.0:8080 --text two
serve game1 one udp-echo --at 0.0.0.0:6000
serve game2 two udp-echo --at 0.0.0.0:6000

# heard ADDRESS: which server answers a client at that address.
heard() { ask srv tcp-hear --at "203.0.113.$1:0" --to 203.0.113.1:80 --seconds 3; }
# all_heard: what all clients hear, each once.
all_heard() { { for number in {20..35}; do heard "$number" & done; wait; } | sort | uniq | tr '\n' ' '; }
await_log() {
  for ((i = 0; i < 200; i++)); do grep -q "$1" "$work/log" && return 0; sleep 0.05; done
  cat "$work/log"
  return 1
}

serve echo srv udp-echo --at 0.0.0.0:7000

check "a balancer starts" start_nat --balance tcp:80=10.1.0.2:8080,10.1.0.3:8080 \
  --balance udp:5000=10.1.0.2:6000,10.1.0.3:6000 --health-interval 300ms --log "$work/log"
check_equal "both servers have clients" "one two " "$(all_heard)"
first=$(heard 20)
check_equal "a client stays with its server" "$first $first $first" "$(heard 20) $(heard 20) $(heard 20)"
check_equal "UDP, too, and the answer is from the shared port" "203.0.113.9:4000 from 203.0.113.1:5000" \
  "$(ask srv udp-ask --at 203.0.113.9:4000 --to 203.0.113.1:5000)"
kill -KILL "$web1_pid"
check "a server that is gone is noticed" await_log '"event":"server","server":"10.1.0.2:8080","well":false'
check_equal "its clients have the other" "two " "$(all_heard)"
serve web1 one tcp-say --at 0.0.0.0:8080 --text one
check "that it is back is noticed" await_log '"event":"server","server":"10.1.0.2:8080","well":true'
check_equal "and it has its clients again" "one two " "$(all_heard)"
ip -n "$prefix-two" link set eth0 down
check "one that does not answer pings is noticed" await_log '"event":"server","server":"10.1.0.3:6000","well":false'
ip -n "$prefix-two" link set eth0 up
ip -n "$prefix-two" route replace default via 10.1.0.1
check "ctl show tells of them" grep -q 'tcp:80=10.1.0.2:8080,10.1.0.3:8080' <(ctl show)
end_nat

check "starts" start_nat
serve raw srv raw-echo --protocol 50
check_equal "ESP passes, and its answer" 10.1.0.2 "$(ask one raw-ask --protocol 50 --to 203.0.113.9)"
end_nat
check "starts with a filter, and without a gateway for FTP" start_nat --filtering address-and-port-dependent
serve ftp1 srv ftp-serve --at 203.0.113.10:21 --text contents
check_equal "active FTP fails" failed "$(ask one ftp-get --to 203.0.113.10:21 --seconds 2 2>/dev/null)"
check_equal "for the server is told the inside address" 10.1.0.2 "$(sed -n 's/^told \([0-9.]*\):.*/\1/p' "$work/ftp1.out")"
end_nat
check "starts with one" start_nat --filtering address-and-port-dependent --ftp-alg
serve ftp2 srv ftp-serve --at 203.0.113.9:21 --text contents
check_equal "active FTP works" contents "$(ask one ftp-get --to 203.0.113.9:21)"
check_equal "for the server is told the external address" 203.0.113.1 "$(sed -n 's/^told \([0-9.]*\):.*/\1/p' "$work/ftp2.out")"
end_nat

unwritable=$(in_ns nat timeout 5 "$nat" --inside lan --outside wan --state "$work/none/state" 2>&1)
check_equal "refused: a state file that cannot be written" \
  "1: stile-nat: writing the state file $work/none/state: No such file or directory" "$?: $unwritable"
check "starts with a state file" start_nat --ports random --state "$work/state"
before=$(ask one udp-ask --at 0.0.0.0:5005 --to 203.0.113.9:7000)
end_nat
check_equal "ends" 0 $?
check "starts again" start_nat --ports random --state "$work/state"
check_equal "a mapping has survived the restart" "$before" "$(ask one udp-ask --at 0.0.0.0:5005 --to 203.0.113.9:7000)"
end_nat
await_state() { for ((i = 0; i < 200; i++)); do grep -q "$1" "$work/state" && return 0; sleep 0.05; done; cat "$work/state"; return 1; }
rm "$work/state"
check "starts with a state file that is written while it runs" start_nat --ports random --state "$work/state" --state-interval 100ms
before=$(ask one udp-ask --at 0.0.0.0:5006 --to 203.0.113.9:7000)
check "the flow is in it" await_state '10.1.0.2:5006'
end_nat KILL
check "starts again after SIGKILL" start_nat --ports random --state "$work/state" --state-interval 0
check_equal "a mapping has survived it" "$before" "$(ask one udp-ask --at 0.0.0.0:5006 --to 203.0.113.9:7000)"
before=$(ask one udp-ask --at 0.0.0.0:5007 --to 203.0.113.9:7000)
check_equal "ctl save says where" "saved  $work/state" "$(ctl save | tr -s ' ' | sed 's/ /  /')"
end_nat KILL
check "starts again" start_nat --ports random --state "$work/state"
check_equal "what was saved has survived" "$before" "$(ask one udp-ask --at 0.0.0.0:5007 --to 203.0.113.9:7000)"
end_nat
check "starts again" start_nat --ports random --state "$work/state" --state-interval 0
before=$(ask one udp-ask --at 0.0.0.0:5008 --to 203.0.113.9:7000)
ip -n "$prefix-nat" link del wan
await_end "$nat_pid" 5
check_equal "ends when an interface is gone" 1 $?
join nat wan 203.0.113.1/24 srv eth0 203.0.113.9/24
ip -n "$prefix-srv" address add 203.0.113.10/24 dev eth0
check "starts again when it is back" start_nat --ports random --state "$work/state"
check_equal "a mapping has survived that, too" "$before" "$(ask one udp-ask --at 0.0.0.0:5008 --to 203.0.113.9:7000)"
end_nat
check "starts without a state file" start_nat
check "ctl save says so" grep -q 'there is no state file; start stile-nat with --state FILE' <(ctl save 2>&1)
end_nat
echo '{"written":1}' >"$work/state"
check "refused: a file that is no state file" grep -q "state is no state file of stile-nat; remove it, or give another --state" \
  <(in_ns nat timeout 5 "$nat" --inside lan --outside wan --state "$work/state" 2>&1)

refused "a balancer without servers" "--balance: 'tcp:80=' is not of the form tcp:80=10.0.0.2:8080,10.0.0.3:8080*2; see stile-nat --help" --balance tcp:80=
refused "a server twice" "balance tcp:80=10.1.0.2:8080,10.1.0.2:8080: 10.1.0.2:8080 is given twice" \
  --balance tcp:80=10.1.0.2:8080,10.1.0.2:8080
finish
