#!/usr/bin/env bash
# stile-nat's tables: their memory is taken at the start if asked for, their limits change with SIGHUP and end nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
serve echo srv udp-echo --at 0.0.0.0:7000

# memory: resident pages of the NAT, in MiB.
memory() { echo $(($(cut -d ' ' -f 2 "/proc/$nat_pid/statm") * $(getconf PAGESIZE) / 1048576)); }
# seen PORT: as what the server sees that port of the first host.
seen() {
  local answer
  answer=$(ask one udp-ask --at "0.0.0.0:$1" --to 203.0.113.9:7000 --seconds "${2:-5}" 2>/dev/null) && echo "${answer% from *}" || echo none
}
# limits MAPPINGS SESSIONS
limits() {
  printf 'max-mappings = %d\nmax-sessions = %d\nports = "preserve"\n' "$@" >"$work/nat.toml"
}
reload() {
  local lines i
  lines=$(wc -l <"$work/nat.err")
  kill -HUP "$nat_pid"
  for ((i = 0; i < 200; i++)); do (($(wc -l <"$work/nat.err") > lines)) && return; sleep 0.05; done
}

many=(--max-mappings 300000 --max-sessions 300000)
check "starts with large tables" start_nat "${many[@]}"
check "which take no memory before they fill" test "$(memory)" -lt 50
end_nat
check "starts with them reserved" start_nat "${many[@]}" --reserve-tables
check "they have their memory" test "$(memory)" -gt 60
check_equal "a flow" 203.0.113.1:5001 "$(seen 5001)"
end_nat
refused "more than their numbers can name" "max_mappings is above 2147483648" --max-mappings 2147483649

limits 1 10
check "starts with a table of one" start_nat --config "$work/nat.toml"
check_equal "the first flow" 203.0.113.1:5001 "$(seen 5001)"
check_equal "the second is refused" none "$(seen 5003 1)"
limits 2 10
reload
check_equal "not after the limit was raised" 203.0.113.1:5003 "$(seen 5003)"
limits 1 10
reload
check_equal "after it was lowered, none but the two that are there" "none 203.0.113.1:5001 203.0.113.1:5003" \
  "$(seen 5005 1) $(seen 5001) $(seen 5003)"
limits 0 10
reload
check_equal "none at all is refused" "stile-nat: max_mappings is 0; all stays as it was" "$(tail -n 1 "$work/nat.err")"
check_equal "flows go on" 203.0.113.1:5001 "$(seen 5001)"
end_nat
finish
