#!/usr/bin/env bash
# stile-nat with libnatpmp's client.
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/nat_net.bash"
need_namespaces
command -v natpmpc >/dev/null || { echo "skipped: natpmpc is not installed"; exit 77; }
nat_network
natpmp() { in_ns one timeout 20 natpmpc -g 10.1.0.1 "$@"; }
mapped() { grep -q "$1" <(natpmp -a "${@:2}"); }

serve game one udp-echo --at 0.0.0.0:6000
serve web one tcp-listen --at 0.0.0.0:8080
check "starts" start_nat --filtering address-and-port-dependent
check "the external address" grep -q 'Public IP address : 203.0.113.1' <(natpmp)
check "a UDP port is mapped" mapped 'Mapped public port 8000 protocol UDP to local port 6000 liftime 3600' 8000 6000 udp 3600
check_equal "a stranger reaches it" "203.0.113.10:4000 from 203.0.113.1:8000" \
  "$(ask srv udp-ask --at 203.0.113.10:4000 --to 203.0.113.1:8000)"
check "a TCP port is mapped" mapped 'Mapped public port 80 protocol TCP to local port 8080' 80 8080 tcp 3600
check_equal "a stranger connects" connected "$(ask srv tcp-outcome --to 203.0.113.1:80)"
check "a mapping is ended" mapped 'protocol UDP to local port 6000 liftime 0' 0 6000 udp 0
check_equal "nobody reaches it" "" "$(ask srv udp-ask --at 203.0.113.10:4001 --to 203.0.113.1:8000 --seconds 1 2>/dev/null)"
check_equal "the other one is there" connected "$(ask srv tcp-outcome --to 203.0.113.1:80)"
end_nat
check "without NAT-PMP nobody answers" start_nat --no-nat-pmp --no-pcp
check_not "the client says so" natpmp
end_nat
finish
