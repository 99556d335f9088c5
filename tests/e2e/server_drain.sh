#!/usr/bin/env bash
# SIGTERM: no new allocations, those that there are end by themselves or when the time is over; then the server ends.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/operation.bash"

ctl() { in_ns srv "$build/server/stile-server" ctl "$@"; }
# holder [USER]: a client that has an allocation until it is killed.
holder() {
  start holder client "${PYTHON:-python3}" "$here/server_operation.py" hold --server 203.0.113.10:3478 \
    --peer-hosts 203.0.113.3
  holder=$pid
  await_line holder 203.0.113.10
}
ended() { grep -q " ended allocations_cut_off=$1\$" "$work/server.err"; }

for workers in 1 2; do
  serve --threads "$workers" --drain-timeout 600
  check "$workers: new allocations are refused, the one that there is goes on" scenario drain
  await_end "$server" 20
  check_equal "$workers: with its end the server ends" 0 $?
  check "$workers: and says so" ended 0
done

serve --drain-timeout 600
kill -TERM "$server"
await_end "$server" 20
check_equal "an idle server ends at once" 0 $?

serve --drain-timeout 1
check "an allocation that stays" holder
kill -TERM "$server"
await_end "$server" 20
check_equal "ends with the time for it" 0 $?
check "which is told" ended 1
end "$holder" KILL

serve --drain-timeout 600
holder
kill -TERM "$server"
check "a drain that takes long" await_error server draining
kill -TERM "$server"
await_end "$server" 20
check_equal "is cut off by a second SIGTERM" 0 $?
check "which is told" ended 1
end "$holder" KILL

serve
check "ctl drains an idle server" ctl drain
await_end "$server" 20
check_equal "and it ends" 0 $?
serve
holder
check "ctl drain with a time of its own" grep -q '"allocations":1,"seconds":[56]..}' <(ctl drain 601 --json)
check "ctl tells that it drains" grep -q '"draining":true' <(ctl stats --json)
end "$holder" KILL
await_end "$server" 20
check_equal "and with its client gone it ends" 0 $?
finish
