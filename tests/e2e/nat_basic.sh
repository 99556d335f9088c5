#!/usr/bin/env bash
# stile-nat between namespaces: what passes, what the kernel must not do, control, log, and that nothing is left.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
# The kernel would forward, if it were let.
in_ns nat sysctl -qw net.ipv4.ip_forward=1
tables() { in_ns nat nft list tables; }

check "starts and says so" start_nat --log "$work/log"
check_equal "the ready line" \
  '{"ready":true,"inside":"lan","outside":"wan","external":["203.0.113.1"],"control":"@stile-nat"}' "$(cat "$work/nat.out")"

start echo srv "${peer[@]}" udp-echo --at 0.0.0.0:7000 --seconds 120
await_line echo ready
start web nat "${peer[@]}" tcp-listen --at 0.0.0.0:8080 --seconds 120
await_line web ready

check "ping through" in_ns one ping -c 3 -i 0.2 -W 2 -q 203.0.113.9
check "ping with large packets, fragmented" in_ns one ping -c 2 -i 0.2 -W 2 -q -s 4000 203.0.113.9
check_equal "UDP out and back, port preserved" "203.0.113.1:5001 from 203.0.113.9:7000" \
  "$(ask one udp-ask --at 0.0.0.0:5001 --to 203.0.113.9:7000)"
check_equal "UDP in fragments" "203.0.113.1:5002 from 203.0.113.9:7000" \
  "$(ask one udp-ask --at 0.0.0.0:5002 --to 203.0.113.9:7000 --size 9000)"
check_equal "endpoint-independent filtering: another port answers" "203.0.113.1:5003 from 203.0.113.9:7777" \
  "$(ask one udp-ask --at 0.0.0.0:5003 --to 203.0.113.9:7000 --text "via 7777")"

start sink srv "${peer[@]}" tcp-sink --at 0.0.0.0:9000 --seconds 60
await_line sink ready
sent=$(ask one tcp-source --to 203.0.113.9:9000 --size 20000000 --seconds 60)
await_line sink received
check_equal "TCP, 20 MB out" "${sent/sent/received} from 203.0.113.1" "$(tail -n 1 "$work/sink.out")"
start serve srv "${peer[@]}" tcp-serve --at 0.0.0.0:9001 --size 20000000 --seconds 60
await_line serve ready
got=$(ask one tcp-fetch --to 203.0.113.9:9001 --seconds 60)
await_line serve sent
check_equal "TCP, 20 MB in" "$(tail -n 1 "$work/serve.out" | sed s/sent/received/)" "$got"

check_equal "TTL exceeded comes from the NAT's inside address" "11/0 from 10.1.0.1" \
  "$(ask one ttl-exceeded --to 203.0.113.9:7000 --ttl 1)"
check_equal "the second hop is the server" "203.0.113.1:5004 from 203.0.113.9:7000" \
  "$(ask one udp-ask --at 0.0.0.0:5004 --to 203.0.113.9:7000)"

check_equal "the kernel sends no RST to an unsolicited SYN" timeout \
  "$(ask srv tcp-outcome --to 203.0.113.1:81 --seconds 2)"
check_equal "a listener on the machine is not reached at the external address" timeout \
  "$(ask srv tcp-outcome --to 203.0.113.1:8080 --seconds 2)"
check "the kernel sends no ICMP for an unsolicited datagram" ask srv udp-silence --to 203.0.113.1:82 --seconds 1
check_equal "the machine itself is reached at its inside address" connected \
  "$(ask one tcp-outcome --to 10.1.0.1:8080 --seconds 2)"
check "ping the NAT from inside" in_ns one ping -c 1 -W 2 -q 10.1.0.1
check "ping the NAT from outside" in_ns srv ping -c 1 -W 2 -q 203.0.113.1

start wait one "${peer[@]}" udp-wait --at 0.0.0.0:6001 --to 203.0.113.9:7000 --seconds 20
await_line wait mapped
check_equal "hairpin: two reaches one's external address" "back from 203.0.113.1:6001" \
  "$(ask two udp-ask --at 0.0.0.0:6002 --to 203.0.113.1:6001)"
await_line wait received
check_equal "hairpin: one sees two's external address" "received hello from 203.0.113.1:6002" "$(tail -n 1 "$work/wait.out")"

flow='udp +- .* 10.1.0.2:6001 +203.0.113.1:6001 +203.0.113.9:7000 '
check "ctl list shows a flow" grep -qE "$flow" <(ctl list)
check "as conntrack prints it" grep -qE '^udp +17 [0-9]+ src=10.1.0.2 dst=203.0.113.9 sport=6001 dport=7000 packets=1 bytes=[0-9]+ .*dst=203.0.113.1 sport=7000 dport=6001 ' <(ctl list --conntrack)
check "ctl list shows a closed TCP connection" grep -qE 'tcp +closing .* 203.0.113.9:9000 ' <(ctl list)
check "ctl list --json is JSON" "${PYTHON:-python3}" -c \
  'import json,sys; s=json.loads(sys.argv[1])["sessions"]; assert any(f["protocol"]=="icmp" for f in s), s' "$(ctl list --json)"
check "ctl stats counts" grep -qE '^nat.translated_outbound +[1-9]' <(ctl stats)
check "ctl show says how" grep -qE '^behavior.mapping +endpoint-independent' <(ctl show)
check "ctl flush ends mappings" grep -qE '^flushed +[1-9]' <(ctl flush)
check_equal "after a flush no flow is left" 1 "$(ctl list | wc -l)"
check "the log has a mapping made" grep -q '"event":"created","protocol":"udp","inside":"10.1.0.2:6001","external":"203.0.113.1:6001"' "$work/log"
check "the log has its end" grep -q '"event":"ended","protocol":"udp","inside":"10.1.0.2:6001".*"reason":"flushed"' "$work/log"

complaint() { in_ns nat "$nat" "$@" 2>&1 >/dev/null; }
check_equal "a second one on the same socket is refused in one line" \
  "stile-nat: control socket @stile-nat is in use; give another one with --control" \
  "$(complaint --inside lan --outside wan)"
check_equal "a second one on the same interfaces is refused in one line" \
  "stile-nat: another stile-nat runs between these interfaces; end it, or give others" \
  "$(complaint --inside lan --outside wan --control @other)"

kill -STOP "$nat_pid"
start late nat "$nat" ctl list
late_pid=$pid
sleep 0.3  # until it has asked
kill -KILL "$nat_pid"
await_end "$late_pid" 5
check_equal "ctl says that the NAT was killed while it was asked" \
  "stile-nat: the stile-nat on @stile-nat ended before it answered" "$(cat "$work/late.err")"
check "starts again at once" start_nat

check "the kernel's table is there while it runs" grep -q 'stile-nat-lan-wan' <(tables)
end "$nat_pid" TERM
check_equal "SIGTERM: exit status" 0 $?
check_equal "SIGTERM leaves no table" "" "$(tables)"
check_equal "afterwards the machine's own listener is reached again" connected \
  "$(ask srv tcp-outcome --to 203.0.113.1:8080 --seconds 2)"

check "starts with a socket file" start_nat --control "$work/sock"
check_equal "the socket file is the owner's" 600 "$(stat -c %a "$work/sock")"
check_equal "a socket in use is refused in one line" \
  "stile-nat: control socket $work/sock is in use; give another one with --control" \
  "$(complaint --inside lan --outside wan --control "$work/sock")"
end "$nat_pid" KILL
check_equal "SIGKILL leaves no table" "" "$(tables)"
check_equal "ctl says that nobody listens any more" \
  "stile-nat: no stile-nat listens on $work/sock; start it, enter its network namespace, or give its --control" \
  "$(complaint ctl list --control "$work/sock")"
check "SIGKILL leaves the socket file" test -S "$work/sock"
check "a stale socket file is replaced" start_nat --control "$work/sock" --external 203.0.113.50 \
  --mapping address-and-port-dependent --ports random
check "an address of no interface is answered for" in_ns srv ping -c 1 -W 2 -q 203.0.113.50
seen=$(ask one udp-ask --at 0.0.0.0:5001 --to 203.0.113.9:7000)
check "and hosts appear as it" grep -q '^203.0.113.50:' <<<"$seen"
check_not "with --ports random on another port" grep -q ':5001 ' <<<"$seen"
check_equal "the machine keeps the address that is not external" connected \
  "$(ask srv tcp-outcome --to 203.0.113.1:8080 --seconds 2)"
end "$nat_pid" INT
check_equal "SIGINT: exit status" 0 $?
check_not "the socket file is removed" test -e "$work/sock"

check "starts with a delay" start_nat --delay 50ms --jitter 2ms
in_ns one ping -c 1 -W 2 -q 203.0.113.9 >/dev/null
rtt=$(in_ns one ping -c 3 -i 0.3 -W 2 -q 203.0.113.9 | sed -n 's/.*= [0-9.]*\/\([0-9]*\).*/\1/p')
check "--delay 50ms makes a round trip of 100 ms and little more, got $rtt" test "$rtt" -ge 95 -a "$rtt" -le 125
end "$nat_pid" TERM
check "starts with loss, from a file" start_nat --config <(printf 'loss = "100%%"\nudp-timeout = "2m"\n')
check_not "--loss 100% lets nothing through" in_ns one ping -c 2 -i 0.2 -W 1 -q 203.0.113.9
check "the file's timeout is taken" grep -qE '^timeouts.udp +120s' <(ctl show)
end "$nat_pid" TERM

# error WHAT STATUS TEXT OPTIONS...
error() {
  local output status
  output=$(timeout 5 ip netns exec "$prefix-nat" "$nat" "${@:4}" 2>&1)
  status=$?
  check_equal "error: $1" "$2: stile-nat: $3" "$status: $output"
}
error "missing interface" 1 'there is no interface nope; `ip link` lists them' --inside nope --outside wan
error "no inside" 2 'no inside interface is given; add --inside IFACE' --outside wan
error "bad duration" 2 "--udp-timeout: 'soon' is not of the form 300s, 2h4m or 20ms; see stile-nat --help" \
  --inside lan --outside wan --udp-timeout soon
error "bad word" 2 "--hairpin: 'maybe' is none of external, internal, off; see stile-nat --help" \
  --inside lan --outside wan --hairpin maybe
error "unknown option" 2 'The following argument was not expected: --frobnicate; see stile-nat --help' \
  --inside lan --outside wan --frobnicate
error "nobody to control" 1 \
  'no stile-nat listens on @stile-nat; start it, enter its network namespace, or give its --control' ctl list
printf 'inside = "lan"\nfrobnicate = 1\n' >"$work/bad.toml"
error "unknown key in the file" 2 "$work/bad.toml:2:1: there is no key 'frobnicate'; see stile-nat --help" \
  --config "$work/bad.toml" --outside wan
ip -n "$prefix-nat" address flush dev wan
error "no address outside" 1 'outside interface wan has no IPv4 address; give it one, or --external ADDR' \
  --inside lan --outside wan
check_equal "error: no rights" \
  "stile-nat: keeping the kernel away from the packets (nf_tables) is not permitted; run as root, or with CAP_NET_ADMIN and CAP_NET_RAW" \
  "$(in_ns nat timeout 5 setpriv --bounding-set=-all --inh-caps=-all --reuid 65534 "$nat" --inside lan --outside wan --external 203.0.113.1 2>&1)"
check_equal "errors leave no table" "" "$(tables)"
finish
