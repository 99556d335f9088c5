#!/usr/bin/env bash
# stile with aioice, each in both roles: without NATs, behind easy ones, and where only the relay helps.
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/peers.bash"
need_namespaces
# Debian's module belongs to Debian's interpreter.
python=/usr/bin/python3
"$python" -c 'import aioice' 2>/dev/null || { echo "skipped: python3-aioice is not installed"; exit 77; }

public_network
home a 1
home b 2
open_host open-a 203.0.113.21
open_host open-b 203.0.113.22
relay_server
aioice=("$python" "$(dirname "${BASH_SOURCE[0]}")/aioice_peer.py" --server "$server_address" --turn)
ours=("$stile" connect --stdio --turn "turn:$server_address" --username u --password p)

# meet ROLE WHERE-STILE WHERE-AIOICE OPTIONS...: stile in ROLE, aioice in the other one; both with the options.
meet() {
  local other=controlled
  [[ $1 == controlled ]] && other=controlling
  peer ours "$2" "${ours[@]}" --role "$1" "${@:4}"
  peer theirs "$3" "${aioice[@]}" --role "$other" "${@:4}"
  introduce ours theirs
  connected ours theirs
}

# scene WHAT PATTERN WHERE-STILE WHERE-AIOICE OPTIONS...: in both roles; stile's pair matches the pattern.
scene() {
  local role
  for role in controlling controlled; do
    check "$1: stile $role connects with aioice" meet "$role" "${@:3}"
    check "$1: stile's pair is '$2', got '$(kinds ours)'" grep -qxE "$2" <(kinds ours)
    check "$1: data arrives from stile" converse ours theirs
    check "$1: data arrives from aioice" converse theirs ours
    check "$1: both end well" dismiss ours theirs
  done
}

scene "no NAT" "host host" open-a open-b
gateway a
gateway b
scene "behind EIM/EIF" "srflx srflx|prflx srflx|srflx prflx" a b
scene "policy relay" "relay .*" a b --policy relay
no_gateway a
no_gateway b
hard=(--mapping address-and-port-dependent --filtering address-and-port-dependent --ports random)
gateway a "${hard[@]}"
gateway b "${hard[@]}"
scene "behind APDM/APDF" ".* relay|relay .*" a b
finish
