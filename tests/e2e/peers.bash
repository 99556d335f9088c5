# Sourced after lib.sh: two homes and a server on one public network, and ICE peers that speak JSON lines.
# shellcheck shell=bash
#
#   a 192.168.1.2 -- gw-a 203.0.113.101 --+-- srv 203.0.113.10, .11
#   b 192.168.2.2 -- gw-b 203.0.113.102 --+
#
# A peer is a program that talks as `stile connect --stdio` does. What it is told goes through a named pipe,
# $work/NAME.in; what it says is in $work/NAME.out.

stile=$build/client/stile
nat=$build/nat/stile-nat
server_address=203.0.113.10

# public_network: its switch, and the server's host.
public_network() {
  namespace net srv
  ip -n "$prefix-net" link add public type bridge
  ip -n "$prefix-net" link set public up
  plug srv eth0 "$server_address/24"
  ip -n "$prefix-srv" address add 203.0.113.11/24 dev eth0
}

# plug NAMESPACE IFACE ADDRESS/LEN: a cable to the public switch.
plug() {
  join net "$1-$2" - "$1" "$2" "$3"
  ip -n "$prefix-net" link set "$1-$2" master public
}

# home LETTER NUMBER: a host 192.168.NUMBER.2 behind a gateway 203.0.113.(100 + NUMBER), which does nothing yet.
home() {
  namespace "$1" "gw-$1"
  plug "gw-$1" wan "203.0.113.$((100 + $2))/24"
  join "gw-$1" lan "192.168.$2.1/24" "$1" eth0 "192.168.$2.2/24"
  ip -n "$prefix-$1" route add default via "192.168.$2.1"
}

# open_host NAME ADDRESS: a host on the public network itself.
open_host() {
  namespace "$1"
  plug "$1" eth0 "$2/24"
}

# only_connects HOST...: connections leave these, none come in, and UDP does neither.
only_connects() {
  local host
  for host; do
    in_ns "$host" nft -f - <<'RULES' || return 1
table inet closed {
  chain out { type filter hook output priority 0; meta l4proto udp drop; }
  chain in {
    type filter hook input priority 0
    meta l4proto udp drop
    tcp flags & (syn | ack) == syn drop
  }
}
RULES
  done
}

# gateway LETTER OPTIONS...: stile-nat on it; its pid is ${gateways[LETTER]}.
declare -A gateways
gateway() {
  start "gw-$1" "gw-$1" "$nat" --inside lan --outside wan --control "@$prefix-$1" "${@:2}"
  gateways[$1]=$pid
  await_line "gw-$1" '"ready":true'
}

# no_gateway LETTER
no_gateway() {
  end "${gateways[$1]}" TERM
  unset "gateways[$1]"
}

# relay_server OPTIONS...: stile-server with a user u:p; its pid is $server_pid.
relay_server() {
  start server srv "$build/server/stile-server" --drain-timeout 0 --listen "$server_address:3478" --relay-address "$server_address" \
    --realm test --user u:p --allow-peer 203.0.113.0/24 --allow-peer 192.168.0.0/16 "$@"
  server_pid=$pid
  await_line server '"ready":true'
}

# peer NAME NAMESPACE COMMAND...: its pid is ${peers[NAME]}.
declare -A peers signalling
peer() {
  rm -f "$work/$1.in"
  : >"$work/$1.out"  # nobody is to read what an earlier one said
  mkfifo "$work/$1.in"
  # Open for both: it neither waits for a writer nor ends with one.
  start "$1" "$2" bash -c 'exec "${@:2}" <>"$1"' - "$work/$1.in" "${@:3}"
  peers[$1]=$pid
}

# say NAME LINE
say() { echo "$2" >"$work/$1.in"; }

# tell FROM TO: what FROM says of itself, now and later, is told to TO as its remote.
tell() {
  tail -n +1 -s 0.02 -F "$work/$1.out" --pid="${peers[$1]}" 2>/dev/null |
    sed -un 's/^{"local":/{"remote":/p; /^{"candidate":/p; /^{"end-of-candidates":/p' >"$work/$2.in" &
  signalling[$1]=$!
}
introduce() {
  tell "$1" "$2"
  tell "$2" "$1"
}

# said NAME: its lines. saw NAME KIND: the value of the line {"KIND": ...}, the last one.
said() { cat "$work/$1.out"; }
saw() { sed -n "s/^{\"$2\":\(.*\)}\$/\1/p" "$work/$1.out" | tail -n 1; }
# kinds NAME: `srflx host` for a connected peer: its own end and the other.
kinds() { saw "$1" connected | sed 's/.*"local":"\([a-z]*\)".*"remote":"\([a-z]*\)".*/\1 \2/'; }

# connected NAME... [within 10 seconds]
connected() {
  local name
  for name; do await_line "$name" '^{"connected":' 10 || return 1; done
}

# converse FROM TO: forty lines of many lengths, and all of them arrive as they were.
converse() {
  local i text
  rm -f "$work/sent"
  for ((i = 1; i <= 40; i++)); do
    printf -v text '%s %d %*s' "$1" "$i" $((i * 25)) .
    say "$1" "{\"send\":\"$text\"}"
    echo "{\"data\":\"$text\"}" >>"$work/sent"
  done
  await_line "$2" "^{\"data\":\"$1 40 " || return 1
  diff <(sort "$work/sent") <(grep "^{\"data\":\"$1 " "$work/$2.out" | sort)
}

# dismiss NAME...: ends the peers; each must end well.
dismiss() {
  local name status=0
  for name; do
    end "${peers[$name]}" TERM || { echo "$name ended with $?" >&2; status=1; }
    wait "${signalling[$name]:-}" 2>/dev/null
  done
  return "$status"
}
