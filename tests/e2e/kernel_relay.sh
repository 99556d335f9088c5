#!/usr/bin/env bash
# --kernel-relay: what is relayed and answered in the kernel is relayed and answered as the server would, ends with its channel,
# passes no packet filter by, and leaves nothing behind.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces

#   client 203.0.113.2, 2001:db8:1::2 -- srv .10, 1::10 and .33, 2::1 -- peer 203.0.113.34, 2001:db8:2::2
namespace client srv peer
for each in client srv peer; do in_ns "$each" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0; done
join client eth0 203.0.113.2/28 srv eth0 203.0.113.10/28
join srv eth1 203.0.113.33/28 peer eth0 203.0.113.34/28
v6() { ip -n "$prefix-$1" address add "$2" dev "$3" nodad; }
v6 client 2001:db8:1::2/64 eth0
v6 srv 2001:db8:1::10/64 eth0
v6 srv 2001:db8:2::1/64 eth1
v6 peer 2001:db8:2::2/64 eth0

cat >"$work/relay.toml" <<TOML
listen = ["203.0.113.10:3478", "[2001:db8:1::10]:3478"]
relay-address = ["203.0.113.33", "2001:db8:2::1"]
allow-peer = ["203.0.113.0/24", "2001:db8::/32"]
realm = "test"
user = "u:p"
control = "$work/control"
drain-timeout = 0
TOML
serve() {
  start server srv "$build/server/stile-server" --config "$work/relay.toml" "$@"
  server=$pid
  await_line server '"ready":true'
}
ctl=("$build/server/stile-server" ctl --control "$work/control")
scenario() {
  in_ns client env "CONFIG=$work/relay.toml" "SERVER_NS=$prefix-srv" timeout 60 "${PYTHON:-python3}" "$here/kernel_relay.py" "$1" \
    "/run/netns/$prefix-peer" "$2" "${ctl[@]}"
}
# How many programs the kernel runs at eth0's ingress (BPF_PROG_QUERY of BPF_TCX_INGRESS).
attached() {
  in_ns srv "${PYTHON:-python3}" - <<'PY'
import ctypes, platform, socket, struct
number = {"x86_64": 321, "aarch64": 280}[platform.machine()]
query = ctypes.create_string_buffer(struct.pack("IIIIQI", socket.if_nametoindex("eth0"), 46, 0, 0, 0, 0), 64)
print(struct.unpack_from("I", query, 24)[0] if ctypes.CDLL(None).syscall(number, 16, query, 64) == 0 else "?")
PY
}

start probe srv "$build/server/stile-server" --config "$work/relay.toml" --kernel-relay on
if ! await_text probe '"ready":true' 5 "$work/probe.out" 2>/dev/null; then
  echo "skipped: $(cat "$work/probe.err")"
  exit 77
fi
end "$pid" TERM

for mode in off on; do
  serve --kernel-relay "$mode" --threads 2
  [[ $mode == on ]] && by=kernel in_use=true || { by=server; in_use=false; }
  check "$mode: the ready line says so" grep -q "\"kernel_relay\":$in_use" "$work/server.out"
  for family in 4 6; do
    check "$mode, IPv$family: data, headers, checksums, the end" scenario \
      "both_ways,relayed_by_$by,too_large,joined,malformed,headers,checksums,cut_by_refresh,cut_by_ctl" "$family"
    check "$mode, IPv$family: Binding" scenario "bindings_by_$by,bindings_not_plain" "$family"
  done
  end "$server" TERM
  check_equal "$mode: it ends well" 0 $?
  serve --kernel-relay "$mode" --threads 1 --unauthenticated-rate 10
  for family in 4 6; do check "$mode, IPv$family: Binding, limited" scenario bindings_limited "$family"; done
  end "$server" TERM
  serve --kernel-relay "$mode" --threads 1
  for family in 4 6; do scenario counted "$family"; done >"$work/counted.$mode"
  check "$mode: the end of an allocation tells its traffic" grep -q 'bytes_to_peers=10592 bytes_from_peers=2648' "$work/server.err"
  end "$server" TERM
done
check "the counters are the same" cmp "$work/counted.off" "$work/counted.on"
check "and not empty" grep -q '"packets": 40' "$work/counted.on"

serve
if "${ctl[@]}" stats | grep -q 'kernel_relay.*control group'; then
  echo "not tried: auto, since this machine's service manager filters packets"
  finish
fi
check "auto: the ready line says so" grep -q '"kernel_relay":true' "$work/server.out"
for family in 4 6; do
  check "auto, IPv$family: filters, routes and limits that come and go" scenario packet_filter,routes_change,limited,bindings_filtered,bindings_of_denied "$family"
done
check_equal "it is attached" 1 "$(attached)"
check "a peer that is denied now is cut off" scenario cut_by_reload 4
end "$server" KILL
check_equal "killed, it leaves nothing attached" 0 "$(attached)"

sed -i /deny-peer/d "$work/relay.toml"
in_ns srv nft 'add table ip guard; add chain ip guard in { type filter hook prerouting priority 0; }'
serve
check "auto beside a packet filter: not in use" grep -q '"kernel_relay":false' "$work/server.out"
check "which stats tells" grep -q 'kernel_relay.*chain in of table guard' <("${ctl[@]}" stats)
check "and the server relays" scenario relayed_by_server 4
end "$server" TERM
in_ns srv nft delete table ip guard

without_rights() { in_ns srv setpriv --bounding-set=-all,+net_bind_service --inh-caps=-all "$build/server/stile-server" --config "$work/relay.toml" "$@"; }
check "on without the rights: one line" grep -qx 'stile-server: .*--kernel-relay.*it takes root, or CAP_BPF and CAP_NET_ADMIN.*' \
  <(without_rights --kernel-relay on 2>&1)
start server srv setpriv --bounding-set=-all --inh-caps=-all "$build/server/stile-server" --config "$work/relay.toml"
server=$pid
check "auto without the rights: it serves" await_line server '"kernel_relay":false'
check "and relays" scenario relayed_by_server 4
end "$server" TERM
finish
