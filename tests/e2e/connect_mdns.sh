#!/usr/bin/env bash
# stile connect with a peer that tells a name under .local in place of its address.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
name=1f4712db-ea17-4bcf-a596-105139dfd8bf.local
start responder two "${PYTHON:-python3}" "$here/mdns_responder.py" "$name" 203.0.113.22
await_line responder ready
connect=("$stile" connect --stdio)

# The right one hears nothing of the left one's address, and sends no check before one has come: the name must be found.
peer left one "${connect[@]}" --role controlling
peer right two "${connect[@]}" --role controlled
check "both are ready" await_line left '^{"local":' && await_line right '^{"local":'
say left "$(said right | sed -n "s/^{\"local\":/{\"remote\":/; s/203\.0\.113\.22 \([0-9]*\) typ host/$name \1 typ host/p")"
say right "$(said left | sed -n 's/^{"local":/{"remote":/; s/"candidates":\[[^]]*\]/"candidates":[]/p')"
check "they connect" connected left right
check "left knows the address by the name" grep -q '"remote":"host"' <(saw left connected)
check "data arrives from left" converse left right
check "data arrives from right" converse right left
check "they end well" dismiss left right

peer left one "${connect[@]}" --role controlling
await_line left '^{"local":'
say left '{"remote":{"ufrag":"abcd","pwd":"0123456789012345678901","candidates":["candidate:1 1 UDP 1 nobody.local 9 typ host"]}}'
check "a name that nobody has is waited for, and no reason to end" await_line left '"state":"checking"'
check_equal "and no error" 0 "$(said left | grep -c '"error"')"
check "it ends well" dismiss left
finish
