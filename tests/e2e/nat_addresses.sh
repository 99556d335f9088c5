#!/usr/bin/env bash
# External addresses: masquerade follows the interface, a pool without port translation, limits, timers, refusals.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
serve echo srv udp-echo --at 0.0.0.0:7000
serve web one tcp-listen --at 0.0.0.0:8080

# seen HOST PORT: as which endpoint the server sees it; "none" without an answer.
seen() { ask "$1" udp-ask --at "0.0.0.0:$2" --to 203.0.113.9:7000 --seconds "${3:-2}" 2>/dev/null | cut -d' ' -f1 | grep . || echo none; }
counter() { ctl stats | sed -n "s/^nat\.$1 *//p"; }

check "masquerade starts" start_nat --forward tcp:80=10.1.0.2:8080 --log "$work/log"
check_equal "hosts appear as the interface's address" 203.0.113.1:5000 "$(seen one 5000)"
ip -n "$prefix-nat" address del 203.0.113.1/24 dev wan
check_equal "without an address there is no way out" none "$(seen one 5000 1)"
check "and the flow is counted as refused" test "$(counter refused_no_address)" -gt 0
ip -n "$prefix-nat" address add 203.0.113.2/24 dev wan
check_equal "the address changes: hosts appear as the new one" 203.0.113.2:5000 "$(seen one 5000)"
check_equal "the forward has moved along" connected "$(ask srv tcp-outcome --to 203.0.113.2:80)"
check_equal "the machine has nothing to say at the new address" timeout \
  "$(ask srv tcp-outcome --to 203.0.113.2:81 --seconds 1)"
check "ctl show has it" grep -q 'outside.external .*203.0.113.2' <(ctl show)
check "the old mapping's end is counted" test "$(counter mappings_ended_address_gone)" -gt 0
check "and in the log" grep -q '"external":"203.0.113.1:5000","reason":"address-gone"' "$work/log"
check "so is the change" grep -q '"event":"external","external":\["203.0.113.2"\]' "$work/log"
check "and the refusal" grep -q '"event":"refused","protocol":"udp","inside":"10.1.0.2:5000","reason":"no-address"' "$work/log"
end_nat
ip -n "$prefix-nat" address del 203.0.113.2/24 dev wan
ip -n "$prefix-nat" address add 203.0.113.1/24 dev wan

check "a pool without port translation starts" start_nat --external 203.0.113.7 --ports none --udp-timeout 2s --port-hold 0
check_equal "the host that comes first has the address, its port is kept" 203.0.113.7:5000 "$(seen one 5000)"
check_equal "with every port" 203.0.113.7:53 "$(seen one 53)"
check_equal "the next one is refused, and hears why" unreachable "$(ask two tcp-outcome --to 203.0.113.9:9 --seconds 2)"
check "the refusal is counted" test "$(counter refused_no_address)" -gt 0
sleep 2.5
check_equal "when it is free again it is the next one's" 203.0.113.7:5000 "$(seen two 5000)"
end_nat

check "a pool of a block of addresses starts" start_nat --external 203.0.113.16/30 --external 203.0.113.32-203.0.113.33
check_equal "all of it is used" 6 "$(ctl show --json | grep -o '"203.0.113[0-9.]*"' | sort -u | wc -l)"
check_not "hosts have addresses of it" same "$(seen one 5000)" "$(seen two 5000)"
end_nat

check "limits start" start_nat --max-mappings 3 --refusal host-unreachable
for port in 5001 5002 5003; do seen one "$port" >/dev/null; done
check_equal "beyond, a flow is refused" unreachable "$(ask two tcp-outcome --to 203.0.113.9:9 --seconds 2)"
check_equal "an old flow lives" 203.0.113.1:5001 "$(seen one 5001)"
check_equal "and is not counted as refused" 1 "$(counter refused_mapping_limit)"
end_nat
check "limits for one host start" start_nat --ports-per-host 2
for port in 5001 5002; do seen one "$port" >/dev/null; done
check_equal "the host that has reached it is refused" none "$(seen one 5003 1)"
check_equal "another one is not" 203.0.113.1:5003 "$(seen two 5003)"
end_nat

# A server that answers again after pauses finds the mapping there or not. late_answers PAUSE SECONDS
late_answers() { ask one udp-late --at 0.0.0.0:5100 --to 203.0.113.9:7100 --text "$1" --seconds "$2"; }
serve late srv udp-late-echo --at 0.0.0.0:7100
check "inbound refresh starts" start_nat --refresh both --udp-timeout 4s
check_equal "packets from outside keep the mapping: the last of 4.5 s comes in" "1 2 3 4" "$(late_answers 1.5 12)"
end_nat
check "outbound refresh starts" start_nat --udp-timeout 2s
check_equal "packets from outside do not keep the mapping" 1 "$(late_answers 3 5)"
end_nat

refused "a port range with untranslated ports" "ports that are not translated cannot be kept within a port range" \
  --ports none --port-range 2000-3000
refused "a short timeout for a port that is not well known" "a UDP port's timeout is for ports up to 1023 only" \
  --udp-port-timeout 5000=10s
refused "no address" "--external: '203.0.113.300' is not of the form 192.0.2.1, 192.0.2.1-192.0.2.9 or 192.0.2.16/28; see stile-nat --help" \
  --external 203.0.113.300
finish
