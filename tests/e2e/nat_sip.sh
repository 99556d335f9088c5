#!/usr/bin/env bash
# SIP (RFC 3261) through stile-nat's gateway for it, with messages as phones write them: what the proxy reads, where its answers and
# the media come; a gateway that spoils; and none.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
sip() { in_ns "$1" "${PYTHON:-python3}" "$here/sip_peer.py" "${@:2}"; }
start proxy srv "${PYTHON:-python3}" "$here/sip_peer.py" proxy
await_line proxy ready
call() { sip "$1" phone --to 203.0.113.9 --rtp "$2" 2>&1; }
last_call() { tail -n 1 "$work/proxy.out"; }

check "starts with its gateway for SIP" start_nat --sip-alg on --filtering address-and-port-dependent --ports random
check_equal "a call: the answer comes, media come from where nothing was sent to" "answered, media" "$(call one 40000)"
check "the proxy reads external endpoints only" grep -qE '^via 203.0.113.1:[0-9]+ contact 203.0.113.1:[0-9]+ media 203.0.113.1:[0-9]+ length right$' <(last_call)
check_equal "another phone with the same ports" "answered, media" "$(call two 40000)"
end_nat
check "starts with one that spoils" start_nat --sip-alg spoiling --filtering address-and-port-dependent --ports random
call one 40000 >/dev/null
check "addresses are replaced, and the length is wrong" grep -qE '^via 203.0.113.1:5060 .* media 203.0.113.1:40000 length wrong$' <(last_call)
end_nat
check "starts with none" start_nat --filtering address-and-port-dependent
check_equal "the answer comes, no media do" "answered" "$(call one 40000)"
check_equal "the proxy reads what the phone wrote" "via 10.1.0.2:5060 contact 10.1.0.2:5060 media 10.1.0.2:40000 length right" "$(last_call)"
end_nat
finish
