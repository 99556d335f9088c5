# Sourced by the tests with coturn's clients, which send to a peer that sends everything back.
# shellcheck shell=bash
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

# need_turnutils TOOL...: coturn's tools, by their names without turnutils_.
need_turnutils() {
  local tool
  for tool; do
    command -v "turnutils_$tool" >/dev/null || { echo "skipped: turnutils_$tool is not installed (coturn)"; exit 77; }
  done
}

# uclient NAME OPTIONS...: turnutils_uclient in the background. No option has a blank in it.
declare -A uclient_pids uclient_options uclient_status
uclient() {
  start "$1" client turnutils_uclient "${@:2}"
  uclient_pids[$1]=$pid uclient_options[$1]=${*:2}
}

# had_bad_luck NAME: whether it ended for what was drawn at random, and was refused as it must be. Each client first binds two
# channels whose numbers it draws: one in 16,384 draws the same number twice. One that moves gives its port back to the kernel
# while its allocation still listens there, too: another may be given that port, and asks from a five-tuple that is taken. The
# one that was refused is the last to have connected.
had_bad_luck() {
  local last
  grep -qa 'channel bind: error 400' "$work/$1.out" && return
  grep -qa 'error 437' "$work/$1.out" || return
  last=$(grep -ao 'Connected from: .*' "$work/$1.out" | tail -n 1)
  (($(grep -ahoxF -e "$last" <(grep -aho 'Connected from: .*' "$work"/*.out) | wc -l) > 1))
}

# uclient_ended NAME: its exit status, with the numbers of messages in $sent and $received. A run that bad luck ended is made
# again, once.
uclient_ended() {
  local status options
  await_end "${uclient_pids[$1]}" 60
  status=$?
  uclient_status[$1]=$status
  if ((status == 255)) && had_bad_luck "$1" && [[ ${uclient_options[$1]} ]]; then
    read -ra options <<<"${uclient_options[$1]}"
    uclient "$1" "${options[@]}"
    uclient_options[$1]=
    uclient_ended "$1"
    return
  fi
  read -r sent received < <(sed -n 's/.*start_mclient: tot_send_msgs=\([0-9]*\), tot_recv_msgs=\([0-9]*\).*/\1 \2/p' "$work/$1.out" | tail -n 1)
  sent=${sent:-0} received=${received:-0}
  return "$status"
}

# uclient_said NAME WHY: what there is to say of a run that was not as it should be.
uclient_said() {
  echo "$2, $sent sent, $received came back"
  tail -n 20 "$work/$1.out" "$work/$1.err"
}

# all_back NAME MESSAGES: it ended well, sent at least so many messages, and every one of them came back.
all_back() {
  local status sent received
  uclient_ended "$1"
  status=$?
  ((status == 0 && sent >= $2 && sent == received)) && return
  uclient_said "$1" "exit status $status"
  return 1
}
