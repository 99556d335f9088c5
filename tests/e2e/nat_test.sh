#!/usr/bin/env bash
# stile nat-test grades two NATs at once over real packets: stile-nat, which meets every rule, and the kernel's
# masquerade, whose faults are known.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
stile=$build/client/stile
nat_network
ip -n "$prefix-one" address add 10.1.0.4/24 dev eth0

namespace kin knat kout
join kin eth0 10.2.0.2/24 knat lan 10.2.0.1/24
join knat wan 203.0.113.1/24 kout eth0 203.0.113.9/24
ip -n "$prefix-kin" address add 10.2.0.4/24 dev eth0
ip -n "$prefix-kout" address add 203.0.113.10/24 dev eth0
ip -n "$prefix-kin" route add default via 10.2.0.1
in_ns knat sysctl -qw net.ipv4.ip_forward=1
for where in nat knat; do ip -n "$prefix-$where" link set wan mtu 1400; done
in_ns knat nft 'table ip nat { chain post { type nat hook postrouting priority srcnat; oif wan masquerade; }; }'

# agent NAMESPACE; grade NAME NAMESPACE ADDRESS...: the card is in $work/NAME.out.
agent() {
  start "agent-$1" "$1" "$stile" nat-test agent --address 203.0.113.9 203.0.113.10 --token "a word"
  await_line "agent-$1" '"ready":true'
}
grade() { start "$1" "$2" timeout 150 "$stile" nat-test --agent 203.0.113.9 --token "a word" --outside-mtu 1400 --json "${@:3}"; }
# found NAME RFC REQUIREMENT: verdict and what was seen.
found() {
  python3 -c 'import json, sys
for each in json.load(open(sys.argv[1]))["grades"]:
    if (str(each["rfc"]), each["requirement"]) == tuple(sys.argv[2:]): print(each["verdict"] + ": " + each["seen"])' \
    "$work/$1.out" "$2" "$3"
}
failures_of() {
  python3 -c 'import json, sys
for each in json.load(open(sys.argv[1]))["grades"]:
    if each["verdict"] in ("not met", "untested"): print(each["rfc"], each["requirement"], each["seen"])' "$work/$1.out"
}
says() { check "$1" grep -q -- "$2" <(found "${@:3}"); }

check "stile-nat starts" start_nat
check "its agent starts" agent srv
check "the kernel's agent starts" agent kout
check_equal "without the token nobody is served" "stile nat-test: the agent refuses: the token is another one" \
  "$(in_ns one "$stile" nat-test --agent 203.0.113.9 --token another 2>&1)"
grade ours one --address 10.1.0.2 --address 10.1.0.4
ours=$pid
grade kernel kin --address 10.2.0.2 --address 10.2.0.4
kernel=$pid

await_end "$ours" 150
check_equal "stile-nat meets every MUST" 0 "$?"
check_equal "and every SHOULD, and all is tested" "" "$(failures_of ours)"
says "what is tested is tested: mapping" 'met: endpoint-independent' ours 4787 REQ-1
says "filtering" 'met: endpoint-independent' ours 4787 REQ-8
says "hairpinning" 'met: inside hosts meet' ours 4787 REQ-9
says "the SYN that nobody asked for" 'met: an ICMP error after' ours 5382 "REQ-4 (ICMP)"
says "ports" 'met: no order' ours 7857 9
says "identifications" 'met: two hosts' ours 7857 10

await_end "$kernel" 150
check_equal "the kernel does not meet every MUST" 1 "$?"
says "it keeps a port for all destinations" 'met: endpoint-independent' kernel 4787 REQ-1
says "it gives one port to two hosts" 'not met: two hosts appear as 203.0.113.1:' kernel 4787 REQ-3
says "it filters by address and port" 'not met: address-and-port-dependent' kernel 4787 REQ-8
says "it does not hairpin" 'not met' kernel 4787 REQ-9
says "it treats a second host otherwise" 'not met' kernel 4787 REQ-11
says "it answers a SYN at once" 'not met: a RST' kernel 5382 REQ-4
says "it opens simultaneously" 'met: both SYNs pass' kernel 5382 REQ-2a
says "it translates errors" 'met: it quotes' kernel 5508 REQ-4
says "it translates a RST" 'met: a RST passes' kernel 7857 2.2
says "TCP and UDP are two things to it" 'met:' kernel 7857 5
says "and to its filter" 'met: TCP' kernel 7857 6
says "it leaves identifications as they are" 'not met: two hosts' kernel 7857 10
check_equal "nothing is left of the hosts' guards" "" "$(in_ns one nft list tables; in_ns kin nft list tables)"
end_nat

check_equal "our own in virtual time, hours in a moment" "fully compliant" \
  "$("$stile" nat-test --simulated --json | python3 -c 'import json, sys
print(*set(json.load(sys.stdin)["compliance"].values()))')"
check_not "a symmetric one is not compliant" "$stile" nat-test --simulated --nat APDM/APDF
check "a known one is what it is known for" grep -q '^not met   MUST    RFC 4787 REQ-9 ' <("$stile" nat-test --simulated --nat like:home-router)
check_equal "one that nobody knows is refused" \
  "stile nat-test: --nat: --like: there is no 'none-such'; --like list names those there are; see stile nat-test --help" \
  "$("$stile" nat-test --simulated --nat like:none-such 2>&1)"
usage=$("$stile" nat-test 2>&1)
status=$?
check_equal "neither of the two is refused" 2 "$status"
check_equal "and says so" "stile nat-test: nat-test: give either --simulated or --agent ADDR; see stile nat-test --help" "$usage"
finish
