# Sourced by the end-to-end tests: network namespaces that are removed again, checks, waiting with a bound.
# shellcheck shell=bash
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${STILE_BUILD:-$here/../../build}
peer=("${PYTHON:-python3}" "$here/peer.py")
prefix=st$$
work=$(mktemp -d)
namespaces=()
started=()
failures=0

cleanup() {
  local status=$? name pid
  # A program that is ended before it has begun is still a copy of this shell.
  [[ $BASHPID == "$$" ]] || exit "$status"
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  wait 2>/dev/null
  for name in "${namespaces[@]}"; do ip netns del "$prefix-$name" 2>/dev/null; done
  rm -rf "$work" "/etc/netns/$prefix-"*
  exit "$status"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# Exit status 77 is "skipped" to ctest.
need_namespaces() {
  ip netns add "$prefix-try" 2>/dev/null || { echo "skipped: network namespaces are not allowed here"; exit 77; }
  ip netns del "$prefix-try"
}

# namespace NAME...
namespace() {
  local name
  for name; do
    ip netns add "$prefix-$name" || exit 1
    namespaces+=("$name")
    ip -n "$prefix-$name" link set lo up
    in_ns "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
  done
}

in_ns() { ip netns exec "$prefix-$1" "${@:2}"; }

# join A IFACE ADDRESS/LEN B IFACE [ADDRESS/LEN]: a cable between two namespaces. `-` for no address.
join() {
  ip -n "$prefix-$1" link add "$2" type veth peer name "$5" netns "$prefix-$4" || exit 1
  [[ $3 == - ]] || ip -n "$prefix-$1" address add "$3" dev "$2"
  [[ ${6:--} == - ]] || ip -n "$prefix-$4" address add "$6" dev "$5"
  ip -n "$prefix-$1" link set "$2" up
  ip -n "$prefix-$4" link set "$5" up
}

# A certificate and its key, in $work/cert.pem and $work/key.pem; a new one each time.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
}

# name_server NAMESPACE ADDRESS: whom programs there ask, from now on (ip-netns(8)).
name_server() {
  mkdir -p "/etc/netns/$prefix-$1"
  printf 'nameserver %s\noptions timeout:1 attempts:1\n' "$2" >"/etc/netns/$prefix-$1/resolv.conf"
}

# start NAME NAMESPACE COMMAND...: in the background, standard output in $work/NAME.out; its pid is $pid.
start() {
  local name=$1 where=$2
  # Else await_line and await_error could find what an earlier one of the name has said.
  : >"$work/$name.out"
  : >"$work/$name.err"
  ip netns exec "$prefix-$where" "${@:3}" >"$work/$name.out" 2>"$work/$name.err" &
  pid=$!
  started+=("$pid")
}

# await_line NAME TEXT [SECONDS]: until a program started as NAME has printed TEXT.
await_line() { await_text "$1" "$2" "${3:-5}" "$work/$1.out"; }
# await_error NAME TEXT [SECONDS]: the same on standard error.
await_error() { await_text "$1" "$2" "${3:-5}" "$work/$1.err"; }
await_text() {
  local i
  for ((i = 0; i < $3 * 20; i++)); do
    grep -q -- "$2" "$4" 2>/dev/null && return 0
    sleep 0.05
  done
  echo "no '$2' from $1:" >&2
  cat "$work/$1.out" "$work/$1.err" >&2
  return 1
}

# end PID SIGNAL: ends a started program and gives its exit status.
end() {
  kill "-$2" "$1"
  wait "$1" 2>/dev/null
}

# await_end PID SECONDS: the exit status of a started program; it is killed when its time is over.
await_end() {
  timeout "$2" tail --pid="$1" -s 0.05 -f /dev/null || kill -KILL "$1"
  wait "$1" 2>/dev/null
}

# check WHAT COMMAND...: the command succeeds.
check() {
  local what=$1
  if "${@:2}" >"$work/check.out" 2>&1; then
    echo "ok      $what"
  else
    echo "FAILED  $what"
    sed 's/^/          /' "$work/check.out"
    failures=$((failures + 1))
  fi
}
check_not() { check "$1" not "${@:2}"; }
not() { ! "$@"; }

# within SECONDS COMMAND...: whether it comes to succeed.
within() {
  local i
  for ((i = 0; i < $1 * 20; i++)); do "${@:2}" && return; sleep 0.05; done
  return 1
}

# check_equal WHAT WANTED GOT
check_equal() { check "$1" same "$2" "$3"; }
same() { [[ $1 == "$2" ]] || { printf 'wanted: %s\ngot:    %s\n' "$1" "$2"; return 1; }; }

finish() {
  ((failures == 0)) && { echo "all passed"; exit 0; }
  echo "$failures failed"
  exit 1
}
