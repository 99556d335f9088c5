#!/usr/bin/env bash
# IPsec through stile-nat: ESP of several clients towards one gateway and towards two, told apart by what they learn of indices;
# IKE and ESP in UDP (RFC 3948), which take nothing but a NAT that keeps them alive.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
esp() { in_ns "$1" "${PYTHON:-python3}" "$here/esp_peer.py" "${@:2}"; }

start gateway srv "${PYTHON:-python3}" "$here/esp_peer.py" gateway --at 203.0.113.9 --seconds 60
await_line gateway ready
start gateway2 srv "${PYTHON:-python3}" "$here/esp_peer.py" gateway --at 203.0.113.10 --seconds 60
await_line gateway2 ready

check "starts" start_nat --log "$work/log"
check_equal "one client has its answers" "5 of 5" "$(esp one client --to 203.0.113.9 --index 0x1001 --packets 5)"
check_equal "so has another, towards the same gateway" "5 of 5" "$(esp two client --to 203.0.113.9 --index 0x2001 --packets 5)"
start left one "${PYTHON:-python3}" "$here/esp_peer.py" client --to 203.0.113.9 --index 0x1001 --packets 40 --pause 0.02
left=$pid
check_equal "while the first goes on" "40 of 40" "$(esp two client --to 203.0.113.9 --index 0x2001 --packets 40 --pause 0.02)"
await_end "$left" 20
check_equal "and the first has its own" "40 of 40" "$(cat "$work/left.out")"
check_equal "new keys: another index of the same host" "5 of 5" "$(esp one client --to 203.0.113.9 --index 0x1002 --packets 5)"
check_equal "another gateway, the same index" "5 of 5" "$(esp two client --to 203.0.113.10 --index 0x1001 --packets 5)"
check_equal "what nobody has asked for goes nowhere" "0 of 1" "$(esp srv client --to 203.0.113.1 --index 0x3001 --packets 1 --seconds 0.5)"
check_equal "IKE and ESP in UDP 4500: two clients, a socket each" "5 of 5, 5 of 5" \
  "$(esp one udp-client --to 203.0.113.9 --index 0x1001 --packets 5), $(esp two udp-client --to 203.0.113.9 --index 0x2001 --packets 5)"
check "the gateway saw two ports of one address" test "$(grep -c '^udp 203.0.113.1:' "$work/gateway.out")" -eq 2
end_nat
check "starts without ESP" start_nat --esp-timeout 0
check_equal "it does not pass" "0 of 1" "$(esp one client --to 203.0.113.9 --index 0x1001 --packets 1 --seconds 0.5)"
check_equal "ESP in UDP does" "2 of 2" "$(esp one udp-client --to 203.0.113.9 --index 0x1001 --packets 2)"
end_nat
finish
