#!/usr/bin/env bash
# stile connect --port-mapping behind stile-nat: peers that otherwise need the relay meet directly.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
home a 1
home b 2
relay_server
hard=(--mapping address-and-port-dependent --filtering address-and-port-dependent --ports random)
connect=("$stile" connect --stdio --turn "turn:$server_address" --username u --password p)

# meet OPTIONS...: left, behind a's NAT, has these.
meet() {
  peer left a "${connect[@]}" "$@"
  peer right b "${connect[@]}" --role controlled
  introduce left right
  connected left right
}
mappings() {
  in_ns gw-a "$nat" ctl --control "@$prefix-a" list --json |
    "${PYTHON:-python3}" -c 'import json,sys; print(len(json.load(sys.stdin)["mappings"]))'
}
# given_back: none lasts longer than what its packets have made (by PCP it is listed until then, RFC 6887 15).
given_back() {
  in_ns gw-a "$nat" ctl --control "@$prefix-a" list --json |
    "${PYTHON:-python3}" -c 'import json,sys; sys.exit(any(m["time_left"] > 300 for m in json.load(sys.stdin)["mappings"]))'
}

# scene WHAT OPTIONS...: of a's NAT.
scene() {
  gateway a "${hard[@]}" "${@:2}"
  check "$1: they connect" meet --port-mapping
  check "$1: directly, got '$(kinds left)'" grep -qv relay <(kinds left)
  check "$1: data arrives" converse left right
  check "$1: and back" converse right left
  check "$1: the router has a mapping" test "$(mappings)" -gt 0
  check_not "$1: for longer than its packets last" given_back
  check "$1: they end well" dismiss left right
  check "$1: and the mapping is given back" within 5 given_back
  no_gateway a
}

gateway b "${hard[@]}"
scene "PCP" --no-nat-pmp
scene "NAT-PMP" --no-pcp
scene "UPnP" --no-pcp --no-nat-pmp --upnp

gateway a "${hard[@]}"
check "without the option: they connect" meet
check "without the option: by the relay, got '$(kinds left)'" grep -q relay <(kinds left)
check_equal "without the option: no mapping" 0 "$(mappings)"
check "without the option: they end well" dismiss left right
no_gateway a

gateway a "${hard[@]}" --no-pcp --no-nat-pmp
check "a router that maps nothing: they connect" meet --port-mapping
check "a router that maps nothing: they end well" dismiss left right
no_gateway a
no_gateway b
finish
