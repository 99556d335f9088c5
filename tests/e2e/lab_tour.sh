#!/usr/bin/env bash
# stile lab and stile sim: what they show is what theory says, they tell when it is not, and they leave nothing behind.
#
# All of it runs as on a machine of its own (processes, mounts, network), so that whatever is left is the lab's.
if [[ -z ${ALONE:-} ]]; then
  unshare --net --mount --pid --fork true 2>/dev/null || { echo "skipped: namespaces are not allowed here"; exit 77; }
  ALONE=1 exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0"
fi
mkdir -p /run/netns && mount -t tmpfs none /run/netns
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
stile=$build/client/stile
lab=("$stile" lab)

# field NAME, fields NAME...: of the JSON object in $work/out; what it does not have is left out.
field() { sed -n "s/.*\"$1\":\"\?\([^\",}]*\).*/\1/p" "$work/out"; }
fields() { for name; do field "$name"; done | paste -sd ' '; }
# in_time COMMAND...: its exit status; standard output and error in $work/out and $work/err.
in_time() { timeout 40 "$@" >"$work/out" 2>"$work/err"; }

# What there is of programs, networks, interfaces and rules; one network and its `lo` is none.
left() {
  pgrep -lx 'stile|stile-nat|stile-server|ip|nft'
  readlink /proc/[0-9]*/ns/net | sort -u | tail -n +2
  ip netns list
  ip -o link | grep -v ': lo:'
  nft list tables
}
# Programs that are told to end may take a moment.
nothing_left() {
  local i
  for ((i = 0; i < 60; i++)); do
    [[ -z $(left) ]] && return 0
    sleep 0.05
  done
  left
  return 1
}

in_time "${lab[@]}" tour
check_equal "the tour: exit status" 0 $?
check_equal "the tour: nothing is complained of" "" "$(cat "$work/err")"
check "the tour: it says that all is as theory says" grep -q '^  All 7 pairs met as theory says\.$' "$work/out"
check_equal "the tour: seven rows say so" 7 "$(grep -c ' ms  yes$' "$work/out")"
check "the tour: what one can see without NAT" grep -qE '^  none +none +- +directly +host - host ' "$work/out"
check "the tour: a hard pair" grep -qE '^  APDM/APDF +APDM/APDF +- +by the relay ' "$work/out"
check "the tour: a carrier" grep -qE '^  EIM/APDF +EIM/APDF +EIM/EIF +directly +[a-z]*flx - [a-z]*flx ' "$work/out"
check "the tour leaves nothing" nothing_left

# pair WHAT STATUS "A B CARRIER PATH" OPTIONS...: one row, as JSON.
pair() {
  in_time "${lab[@]}" run --json "${@:4}"
  check_equal "$1: exit status" "$2" $?
  check_equal "$1: what it says" "$3 in namespaces" "$(fields a b carrier path) in $(field in)"
}
pair "run" 0 "EIM/EIF EIM/EIF direct"
pair "run --a --b" 0 "none nftables direct" --a none --b nftables
pair "run --carrier" 0 "EIM/EIF EIM/ADF EIM/APDF direct" --b EIM/ADF --carrier EIM/APDF
pair "run, a hard carrier" 0 "none none APDM/APDF direct" --a none --b none --carrier APDM/APDF
pair "run, homes behind a hard carrier" 0 "EIM/EIF EIM/EIF APDM/APDF relay" --carrier APDM/APDF
pair "run --no-relay, an easy pair" 0 "EIM/ADF APDM/EIF direct" --a EIM/ADF --b APDM/EIF --no-relay
pair "run --no-relay, a hard pair does not meet" 0 "APDM/APDF APDM/APDF none" \
  --a APDM/APDF --b APDM/APDF --no-relay --patience 3
pair "run --delay" 0 "EIM/EIF EIM/EIF direct" --delay 60
check "run --delay: there and back through both NATs is late, $(field ms) ms" \
  test "$(field ms)" -ge 240
pair "run --loss" 0 "EIM/EIF EIM/EIF direct" --loss 5
pair "run, known NATs" 0 "like:port-restricted-cone like:carrier-symmetric relay" \
  --a like:port-restricted-cone --b like:carrier-symmetric
check_equal "run, known NATs: theory says nothing" "" "$(field expected)"
pair "run, a known NAT for the carrier" 0 "EIM/EIF EIM/EIF like:full-cone direct" --carrier like:full-cone
in_time "${lab[@]}" run --a like:nobody
check_equal "run, an unknown one: exit status" 1 $?
check "run, an unknown one: in a line" grep -q "nobody" "$work/err"
began=$SECONDS
pair "run --loss 100 is not as theory says" 1 "EIM/EIF EIM/EIF none" --loss 100 --patience 2
check "run --patience: is the time it takes" test $((SECONDS - began)) -le 5
in_time "${lab[@]}" run --loss 100 --patience 1
check_equal "in words: exit status" 1 $?
check "in words: it does not meet, and should" grep -qE 'not at all .* NO, theory says directly: ' "$work/out"
check "runs leave nothing" nothing_left

in_time "${lab[@]}" exec --a EIM/ADF -- "$stile" stun 203.0.113.10
check_equal "exec: exit status" 0 $?
check "exec: the command is behind the NAT of a" grep -q '^203.0.113.10:3478 sees us at 203.0.113.101:' "$work/out"
in_time "${lab[@]}" exec -- sh -c 'exit 7'
check_equal "exec: the command's exit status is the lab's" 7 $?

# As another user.
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
in_time "${nobody[@]}" "${lab[@]}" run --a nftables --b APDM/ADF --json
check_equal "as another user: exit status" 0 $?
if [[ $(field in) == namespaces ]]; then
  check_equal "as another user: in a user namespace, without a complaint" "" "$(cat "$work/err")"
else
  check "as another user: it says that it simulates" grep -q '; playing in the simulator instead$' "$work/err"
fi
# Where nobody may make namespaces at all; that can be set up inside a user namespace only.
if unshare --user --map-root-user true 2>/dev/null; then
  none_allowed=(unshare --user --map-root-user sh -c
    'echo 0 >/proc/sys/user/max_net_namespaces && echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' -)
  in_time "${none_allowed[@]}" "${lab[@]}" tour --json
  check_equal "without namespaces: exit status" 0 $?
  check_equal "without namespaces: seven pairs in the simulator" 7 "$(grep -c '"in":"simulator"' "$work/out")"
  check_equal "without namespaces: it says so, in one line" "stile lab: may not make network namespaces (No space left on \
device); run it as root, or allow user namespaces; playing in the simulator instead" "$(cat "$work/err")"
  in_time "${none_allowed[@]}" "${lab[@]}" run --loss 100
  check_equal "without namespaces: a pair that is not as theory says" 1 $?
  in_time "${none_allowed[@]}" "${lab[@]}" exec true
  check_equal "without namespaces: a command cannot be run" 1 $?
else
  echo "skipped without namespaces: this machine lets nobody make user namespaces, so the case before has shown it"
fi
check "other users leave nothing" nothing_left

# interrupt SIGNAL STATUS WHEN COMMAND...: the lab is ended in the middle; WHEN is seconds or a pattern in what it says.
interrupt() {
  : >"$work/lab.out"  # else what the one before has said could be found in it
  env --default-signal "${@:4}" >"$work/lab.out" 2>"$work/lab.err" &
  pid=$!
  started+=("$pid")
  if [[ $3 == [0-9]* ]]; then sleep "$3"; else await_line lab "$3"; fi
  check "SIG$1 at $3: it is in the middle" pgrep -x 'stile-nat|stile-server|ip|stile'
  end "$pid" "$1"
  check_equal "SIG$1 at $3: exit status" "$2" $?
  check "SIG$1 at $3 leaves nothing" nothing_left
}
statuses=(INT 130 TERM 143 KILL 137)
for ((i = 0; i < 6; i += 2)); do
  for when in 0.1 0.3 'none.*none' 'EIM/EIF  *EIM/EIF'; do
    interrupt "${statuses[i]}" "${statuses[i + 1]}" "$when" "${lab[@]}" tour
  done
  interrupt "${statuses[i]}" "${statuses[i + 1]}" 0.6 "${nobody[@]}" "${lab[@]}" tour
done
interrupt TERM 143 begun "${lab[@]}" exec -- sh -c 'echo begun; exec sleep 30'
interrupt KILL 137 begun "${lab[@]}" exec -- sh -c 'echo begun; exec sleep 30'

# error LINE OPTIONS...
error() {
  in_time "${lab[@]}" "${@:2}"
  check_equal "error: ${*:2}" "2: stile lab $1; see stile lab ${2} --help" "$?: $(cat "$work/err")"
}
error "run: --a: 'foo' is not none, nftables, a behaviour such as EIM/APDF, or like:NAME" run --a foo
error "run: --carrier: a carrier's NAT is a behaviour such as EIM/EIF, or like:NAME" run --carrier nftables

began=$(date +%s%N)
in_time "$stile" sim matrix
check_equal "sim matrix: exit status" 0 $?
check "sim matrix: in less than ten seconds" test $(($(date +%s%N) - began)) -lt 10000000000
check "sim matrix: all 81 pairs are as they should be" grep -q '^All 81 pairs meet as the oracle says\.$' "$work/out"
in_time "$stile" sim matrix --json --seed 7
check_equal "sim matrix --json: 81 rows" 81 "$(grep -c '^{.*}$' "$work/out")"
check "sim matrix --seed: the same again" diff "$work/out" <("$stile" sim matrix --json --seed 7)
in_time "$stile" sim matrix --no-relay
check_equal "sim matrix --no-relay: exit status" 0 $?
in_time "$stile" sim matrix --loss 100
check_equal "sim matrix --loss 100: exit status" 1 $?
finish
