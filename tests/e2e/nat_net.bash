# Sourced after lib.sh: a home with two hosts, the router that runs stile-nat, and a server outside with two addresses.
# shellcheck shell=bash
#
#   one 10.1.0.2 ---+
#                   +-- lan: NAT 10.1.0.1 / 203.0.113.1 :wan ---- srv 203.0.113.9, .10
#   two 10.1.0.3 ---+

nat=$build/nat/stile-nat

nat_network() {
  local host
  namespace one two home nat srv
  ip -n "$prefix-home" link add switch type bridge
  ip -n "$prefix-home" link set switch up
  join one eth0 10.1.0.2/24 home one
  join two eth0 10.1.0.3/24 home two
  join nat lan 10.1.0.1/24 home nat
  for host in one two nat; do ip -n "$prefix-home" link set "$host" master switch; done
  join nat wan 203.0.113.1/24 srv eth0 203.0.113.9/24
  ip -n "$prefix-srv" address add 203.0.113.10/24 dev eth0
  for host in one two; do ip -n "$prefix-$host" route add default via 10.1.0.1; done
}

# ask NAMESPACE COMMAND...: a peer's command. ctl COMMAND...: asks the NAT.
ask() { in_ns "$1" "${peer[@]}" "${@:2}"; }
ctl() { in_ns nat "$nat" ctl "$@"; }

# serve NAME NAMESPACE COMMAND...: a peer that is ready before this returns.
serve() {
  start "$1" "$2" "${peer[@]}" "${@:3}" --seconds 120
  await_line "$1" ready
}

# start_nat OPTIONS...: the NAT is $nat_pid.
start_nat() {
  start nat nat "$nat" --inside lan --outside wan "$@"
  nat_pid=$pid
  await_line nat '"ready":true'
}
end_nat() { end "$nat_pid" "${1:-TERM}"; }

# refused WHAT TEXT OPTIONS...: it does not start, with status 2, and says the text in one line.
refused() {
  local output status
  output=$(in_ns nat timeout 5 "$nat" --inside lan --outside wan "${@:3}" 2>&1)
  status=$?
  check_equal "refused: $1" "2: stile-nat: $2" "$status: $output"
}
