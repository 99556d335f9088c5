#!/usr/bin/env bash
# stile-server ctl: looks into a running server and changes what may be changed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/operation.bash"

ctl() { in_ns srv timeout 20 "$build/server/stile-server" ctl "$@" --control "$work/control"; }
# says TEXT COMMAND...: what ctl prints has the text, a regular expression.
says() { ctl "${@:2}" >"$work/ctl.out" && cat "$work/ctl.out" && grep -Eq -- "$1" "$work/ctl.out"; }
# one_object COMMAND...: with --json it is one JSON object in one line.
one_object() {
  ctl "$@" --json >"$work/ctl.out" && cat "$work/ctl.out" &&
    "${PYTHON:-python3}" -c 'import json, sys; (line,) = sys.stdin; assert isinstance(json.loads(line), dict)' <"$work/ctl.out"
}
# refuses STATUS TEXT COMMAND...: one line on standard error, and this exit status.
refuses() {
  ctl "${@:3}" >"$work/ctl.out" 2>"$work/ctl.err"
  local status=$?
  echo "exit status $status"
  cat "$work/ctl.out" "$work/ctl.err"
  ((status == $1)) && [[ ! -s $work/ctl.out && $(wc -l <"$work/ctl.err") == 1 ]] && grep -q -- "^stile-server ctl: .*$2" "$work/ctl.err"
}
hold() {
  start "$1" client "${PYTHON:-python3}" "$here/server_operation.py" hold --server 203.0.113.10:3478 \
    --peer-hosts 203.0.113.3 --user "$2"
  await_line "$1" 203.0.113.10
  read -r relayed peer <"$work/$1.out"
}

refuse_all() { for command in list stats reload drain; do refuses 1 "no stile-server listens on $work/control" "$command" || return; done; }
check "without a server it says so" refuse_all
for workers in 1 2; do
  serve --threads "$workers" --user bob:pass --control "$work/control" --log-addresses
  check_equal "$workers: the socket is its owner's alone" 600 "$(stat -c %a "$work/control")"
  hold first alice
  check "$workers: list" says "^$relayed +alice +tcp +203\.0\.113\.2:[0-9]+ .* 1/11 +1/13\$" list
  check "$workers: show" says "^peer +${peer%:*}|permissions .*\"peer\":\"${peer%:*}\"" show "$relayed"
  check "$workers: stats, while it happens" says '^relay.allocations_now +1$' stats
  check "$workers: with the traffic so far" says '^relay.to_peers.bytes +11$' stats
  for command in list "show $relayed" stats "log-level info"; do
    # shellcheck disable=SC2086
    check "$workers: JSON: $command" one_object $command
  done
  check "$workers: the options first" grep -q '^{"uptime"' <(in_ns srv "$build/server/stile-server" ctl --control "$work/control" --json stats)
  check "$workers: log-level debug" says 'debug' log-level debug
  check "$workers: no such level" refuses 1 "'loud' is not error, warning, info or debug" log-level loud
  check "$workers: no such allocation" refuses 1 'there is no allocation at 203.0.113.10:9' show 203.0.113.10:9
  check "$workers: no address" refuses 1 "'here' is no ADDR:PORT" close here
  check "$workers: no such command" refuses 2 'see stile-server ctl --help' lost
  check "$workers: close" says "^closed +$relayed\$" close "$relayed"
  check "$workers: it is gone" refuses 1 'there is no allocation at' show "$relayed"
  check "$workers: which the log tells" grep -q 'allocation-ended user=alice .* reason=closed' "$work/server.err"
  hold second bob
  hold third bob
  check "$workers: close-user" says '^closed +2$' close-user bob
  check "$workers: a user without allocations" refuses 1 "user 'bob' has no allocation" close-user bob
  check "$workers: reload" says '^reloaded$' reload
  check "$workers: as JSON" one_object reload
  check "$workers: the server still serves" one_object stats
  end "$server" TERM
  check_equal "$workers: it ends well" 0 $?
  check_not "$workers: and leaves no socket" test -e "$work/control"
done

cat >"$work/relay.toml" <<TOML
listen = "203.0.113.10:3478"
control = "$work/control"
user = "alice:pass"
TOML
start server srv "$build/server/stile-server" --config "$work/relay.toml"
server=$pid
await_line server '"ready":true'
echo 'lisen = 1' >>"$work/relay.toml"
check "reload of a bad file" refuses 1 "$work/relay.toml:4:1: there is no key 'lisen'.*; nothing has changed" reload
sed -i '/lisen/d' "$work/relay.toml"
echo 'threads = 7' >>"$work/relay.toml"
check "reload of what takes a restart" says '^--threads has another value; it takes a restart$' reload
end "$server" TERM
finish
