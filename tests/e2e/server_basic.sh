#!/usr/bin/env bash
# stile-server from its first line to its last: what it says, whom it serves, what it refuses and what it outlives.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces

#   client 203.0.113.2 -- srv 203.0.113.10 10.1.2.3
namespace client srv
join client eth0 203.0.113.2/24 srv eth0 203.0.113.10/24
ip -n "$prefix-srv" address add 10.1.2.3/32 dev lo
address=203.0.113.10:3478

serve() {
  start server srv "$build/server/stile-server" --drain-timeout 0 --listen "$address" --realm test --user user:pass \
    --allow-peer 203.0.113.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}
scenario() { in_ns client timeout 60 "${PYTHON:-python3}" "$here/server_basic.py" "$1" "${address%:*}" "${address#*:}" "${@:2}"; }
stile() { in_ns client timeout 20 "$build/client/stile" "$@"; }

# one_object: its only line is a JSON object that says it is ready, and where it listens.
one_object() {
  "${PYTHON:-python3}" - "$address" <"$work/server.out" 3<&0 <<'PYTHON'
import json, os, sys
lines = os.fdopen(3).read().splitlines()
assert len(lines) == 1, lines
said = json.loads(lines[0])
assert said["ready"] is True and said["listen"] == [sys.argv[1]], said
PYTHON
}
sees_us() { stile stun "$@" --json "$address" | grep -q '"mapped":"203.0.113.2:'; }
relays() { stile turn "$address" --username user --password pass; }
serves() { kill -0 "$server" && sees_us && sees_us --tcp && relays; }
# denied USER PASSWORD: one line, of what is wrong, and a failure.
denied() {
  ! stile turn "$address" --username "$1" --password "$2" >"$work/denied.out" 2>"$work/denied.err" || return 1
  cat "$work/denied.out" "$work/denied.err"
  [[ ! -s $work/denied.out && $(wc -l <"$work/denied.err") == 1 ]] &&
    grep -qx "stile turn: $address: wrong user name or password" "$work/denied.err"
}
# left: sockets of the server's host that are not closed, other than those that wait out TIME-WAIT.
left() { in_ns srv ss -Hantu state all exclude time-wait; }

for workers in 1 2; do
  check "$workers: starts" serve --threads "$workers"
  check "$workers: its ready line is one JSON object" one_object
  check "$workers: Binding over UDP" sees_us
  check "$workers: Binding over TCP" sees_us --tcp
  check "$workers: relays" relays
  check "$workers: a wrong password is told in one line" denied user wrong
  check "$workers: an unknown user is told the same" denied nobody pass
  check "$workers: peers on loopback and in private networks are forbidden" scenario peers 203.0.113.2=0 \
    127.0.0.1=403 127.255.255.254=403 10.0.0.1=403 10.1.2.3=403 10.255.255.255=403 0.0.0.0=403
  for storm in garbage halves crowd; do
    check "$workers: outlives: $storm" scenario "$storm"
    check "$workers: still serves after: $storm" serves
  done
  check_not "$workers: and has nothing to say about that" grep -v ' info allocation-' "$work/server.err"
  end "$server" TERM
  check_equal "$workers: SIGTERM ends it well" 0 $?
  check_equal "$workers: and leaves no socket" "" "$(left)"
done

check "starts again at once" serve
end "$server" INT
check_equal "SIGINT ends it well" 0 $?
check "starts with 10.0.0.0/8 allowed" serve --allow-peer 10.0.0.0/8
check "such peers are allowed then, but loopback is not" scenario peers 10.0.0.1=0 10.255.255.255=0 127.0.0.1=403 192.168.0.1=403
end "$server" TERM
finish
