#!/usr/bin/env bash
# Inside hosts ask stile-nat for mappings by PCP (RFC 6887), and strangers use these.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
pcp=("${PYTHON:-python3}" "$here/pcp_ask.py")
# The group of all hosts is joined by each interface; routing must still know where it is.
pcp_one() { in_ns one "${pcp[@]}" "$@"; }
pcp_two() { in_ns two "${pcp[@]}" "$@"; }
# From a fresh port, so that nothing of before opens a filter for it.
stranger() { ask srv udp-ask --at "203.0.113.$1" --to 203.0.113.1:8000 --seconds "${2:-5}" 2>/dev/null; }

serve game one udp-echo --at 0.0.0.0:6000
serve web one tcp-listen --at 0.0.0.0:8080
start heard two "${pcp[@]}" listen --seconds 60
await_line heard ready

check "starts" start_nat --filtering address-and-port-dependent --pcp-min-lifetime 60s --log "$work/log"
check "hosts hear that it has started, by PCP and NAT-PMP" await_line heard both
check "the announcement comes from the server's port" grep -q '^pcp from 10.1.0.1:5351$' "$work/heard.out"
check_equal "a mapping, with the port that was suggested" "203.0.113.1:8000 for 600" \
  "$(pcp_one map --suggest 203.0.113.1:8000)"
check_equal "a stranger reaches the host" "203.0.113.9:4000 from 203.0.113.1:8000" "$(stranger 9:4000)"
check_equal "and another one" "203.0.113.10:4000 from 203.0.113.1:8000" "$(stranger 10:4000)"
check_equal "TCP has none for that" timeout "$(ask srv tcp-outcome --to 203.0.113.1:8000 --seconds 1)"
check_equal "TCP, mapped" "203.0.113.1:80 for 60" \
  "$(pcp_one map --protocol tcp --internal 8080 --suggest 203.0.113.1:80 --lifetime 1)"
check_equal "a stranger connects" connected "$(ask srv tcp-outcome --to 203.0.113.1:80)"
check "ctl list shows what was asked for" grep -q '"protocol":"udp","inside":"10.1.0.2:6000","external":"203.0.113.1:8000"' \
  <(ctl list --json)
check "the log tells of it" grep -q '"inside":"10.1.0.2:6000","external":"203.0.113.1:8000","explicit":true' "$work/log"

check_equal "another host gets another port" 0 "$(pcp_two map --suggest 203.0.113.1:8000 | grep -c ':8000 ')"
check_equal "or nothing, if it wants that one only" "result 11" \
  "$(pcp_two map --internal 6001 --suggest 203.0.113.1:8000 --prefer-failure)"
check_equal "without the nonce nothing changes" "result 2" "$(pcp_one map --lifetime 0 --nonce other)"
check_equal "a request that passed another NAT is refused" "result 12" "$(pcp_one map --client 10.1.0.77)"
check_equal "a filter lets in whom it names" "203.0.113.1:8000 for 600" "$(pcp_one map --filter 203.0.113.9:4001)"
check_equal "the one" "203.0.113.9:4001 from 203.0.113.1:8000" "$(stranger 9:4001)"
check_equal "not the other one" "" "$(stranger 10:4001 1)"

check_equal "nothing from outside" timeout "$(in_ns srv "${pcp[@]}" announce --server 203.0.113.1:5351 --seconds 1)"
check_equal "nothing to the external address" timeout "$(pcp_one announce --server 203.0.113.1:5351 --seconds 1)"
epoch() { pcp_one announce --lifetime 0 --epoch | sed -n 's/^result 0 epoch //p'; }
before=$(epoch)
ctl flush >/dev/null
after=$(epoch)
check "a flush begins the epoch anew" test "$after" -lt "$before"

check_equal "the mapping is gone" "" "$(stranger 9:4001 1)"
ask one udp-ask --at 0.0.0.0:6100 --to 203.0.113.9:9 --seconds 0.1 >/dev/null 2>&1
check "PEER tells of a session" grep -qE '^203.0.113.1:6100 for (300|2[0-9][0-9])$' \
  <(pcp_one peer --internal 6100 --remote 203.0.113.9:9 --lifetime 1)
end_nat
check_equal "it ends with the NAT" refused "$(pcp_one announce --seconds 2)"

check "starts without" start_nat --no-pcp --no-nat-pmp
check_equal "then nobody listens" refused "$(pcp_one announce --seconds 2)"
end_nat
serve other nat udp-echo --at 10.1.0.1:5351
check_equal "a port that another server has" \
  "stile-nat: binding 10.1.0.1:5351 for PCP and NAT-PMP (or give --no-pcp --no-nat-pmp): Address already in use" \
  "$(in_ns nat timeout 5 "$nat" --inside lan --outside wan 2>&1)"
refused "lifetimes that contradict each other" "the shortest lifetime of a mapping is 0, or above the longest" \
  --pcp-min-lifetime 2h --pcp-max-lifetime 1h
finish
