#!/usr/bin/env bash
# stile connect --mdns: peers on one link meet without telling each other an address.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
for name in one two; do ip -n "$prefix-$name" route add 224.0.0.0/4 dev eth0; done
connect=("$stile" connect --stdio --mdns)

peer left one "${connect[@]}"
peer right two "${connect[@]}" --role controlled
introduce left right
check "they connect" connected left right
check "left tells names" grep -qE '[0-9a-f-]{36}\.local [0-9]+ typ host' <(said left)
check_not "left tells no address" grep -q 'candidate:[^"]*203\.0\.113' <(said left | grep '^{"local"')
check_not "right tells no address" grep -q 'candidate:[^"]*203\.0\.113' <(said right | grep '^{"local"')
check "data arrives" converse left right
check "and back" converse right left
check "they end well" dismiss left right
finish
