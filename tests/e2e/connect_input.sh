#!/usr/bin/env bash
# What stile connect is told and cannot use is answered in a line and does no harm; how it ends.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
ip -n "$prefix-two" address add 203.0.113.23/24 dev eth0
relay_server
connect=("$stile" connect --stdio)

# answer WHAT LINE ANSWER: left is told the line and answers with the error.
answer() {
  local before
  before=$(wc -l <"$work/left.out")
  say left "$2"
  await_more left "$before"
  check_equal "$1" "{\"error\":\"$3\"}" "$(tail -n +$((before + 1)) "$work/left.out")"
}
# await_more NAME LINES: until it has said more than so many.
await_more() {
  local i
  for ((i = 0; i < 100; i++)); do
    (($(wc -l <"$work/$1.out") > $2)) && break
    sleep 0.02
  done
  sleep 0.05
}

# ended WHAT STATUS: left has ended by itself with the exit status.
ended() {
  local i
  for ((i = 0; i < 60; i++)); do kill -0 "${peers[left]}" 2>/dev/null || break; sleep 0.05; done
  wait "${peers[left]}"
  check_equal "$1" "$2" $?
}
peer left one "${connect[@]}"
await_line left '"local"'
answer "no JSON" 'hello' 'not a JSON object: hello'
answer "half an object" '{"remote":' 'not a JSON object: {\"remote\":'
answer "not an object" '["remote"]' 'not a JSON object: [\"remote\"]'
answer "no text either" $'\xff\xfe{}' 'not a JSON object: ��{}'
answer "unknown" '{"remotes":{}}' "'remotes' is none of remote, candidate, end-of-candidates, restart, send"
answer "remote: wrong type" '{"remote":7}' 'remote is not an object'
answer "remote: no ufrag" '{"remote":{}}' 'remote has no ufrag'
answer "remote: no pwd" '{"remote":{"ufrag":"abcd"}}' 'remote has no pwd'
answer "remote: ufrag is a number" '{"remote":{"ufrag":1,"pwd":"x"}}' "remote's ufrag is not a string"
answer "remote: short ufrag" '{"remote":{"ufrag":"abc","pwd":"0123456789012345678901"}}' \
  "remote's ufrag has 4 to 256 characters (RFC 8839 §5.4)"
answer "remote: short pwd" '{"remote":{"ufrag":"abcd","pwd":"x"}}' "remote's pwd has 22 to 256 characters (RFC 8839 §5.4)"
answer "remote: candidates are text" '{"remote":{"ufrag":"abcd","pwd":"0123456789012345678901","candidates":"x"}}' \
  "remote's candidates are not an array"
answer "candidate: wrong type" '{"candidate":{}}' 'candidate: not a string'
answer "candidate: no such thing" '{"candidate":"x"}' "candidate: does not begin with 'candidate:'"
answer "candidate: a name" '{"candidate":"candidate:1 1 UDP 1 x.example 9 typ host"}' "candidate: 'x.example' is not an IP address"
answer "candidate: bad port" '{"candidate":"candidate:1 1 UDP 1 203.0.113.9 65536 typ host"}' 'candidate: port is not 0 to 65535'
answer "send too early" '{"send":"x"}' 'send: there is no path to the peer yet'
answer "send: wrong type" '{"send":1}' 'send is not a string'
say left ''
say left '   '

peer right two "${connect[@]}" --role controlled --echo
await_line right '"local"'
# Among good candidates are bad ones, and one that leads nowhere.
garbage='"candidate:1 1 UDP 1 203.0.113.98 9 typ host","candidate:","a=candidate:x y",7,"candidate:1 1 SCTP 1 203.0.113.9 9 typ host"'
say left "$(said right | sed -n "s/^{\"local\":\(.*\"candidates\":\[\)/{\"remote\":\1$garbage,/p")"
tell left right
check "after all that it connects" connected left right
check_equal "each bad candidate is answered" 4 "$(tail -n +20 "$work/left.out" | grep -c '^{"error":"candidate: ')"
say left '{"send":"to and fro"}'
check "--echo sends back" await_line left '^{"data":"to and fro"}'
answer "the same remote again" "$(said right | sed -n 's/^{"local":/{"remote":/p')" \
  'remote is known already; a restart needs a new ufrag and a new pwd'
say left '{"send":"äöü \u0000 \"quoted\" 🦔"}'
check "any text arrives" await_line left '^{"data":"äöü \\u0000 \\"quoted\\" 🦔"}'
check "both end well" dismiss left right

# A wrong password: one line for each server, and direct pairs are what they are. Two's host has two addresses.
wrong=(--turn "turn:$server_address" --username u --password wrong)
peer left one "${connect[@]}" --trickle "${wrong[@]}"
peer right two "${connect[@]}" --role controlled --trickle "${wrong[@]}"
introduce left right
check "with a wrong TURN password they connect directly" connected left right
sleep 0.5
check_equal "and one line says what is wrong" \
  "stile connect: server $server_address:3478: wrong user name or password" "$(cat "$work/right.err")"
dismiss left right
peer left one "${connect[@]}" --policy relay "${wrong[@]}"
peer right two "${connect[@]}" --policy relay --role controlled "${wrong[@]}"
introduce left right
await_line left '"local"'
check "with policy relay there are no candidates then" grep -q '"candidates":\[\]' <(said left)
check "and it fails at once" await_line left '^{"failed":'
check_equal "and says why" \
  "{\"reason\":\"no candidate of our own (server $server_address:3478: wrong user name or password)\"}" "$(saw left failed)"

ended "with exit status 1" 1
wait "${peers[right]}"
for signal in TERM INT; do
  peer left one "${connect[@]}"
  await_line left '"local"'
  kill "-$signal" "${peers[left]}"
  ended "SIG$signal ends it well" 0
done
peer left one bash -c 'printf "{\"send\":\"x\"}\n" | "$@"' - "${connect[@]}"
ended "the end of its input ends it well" 0
check "what stood in it was read" grep -q 'send: there is no path' <(said left)
peer left one bash -c '"$@" <"$0"' <(echo '{"send":"x"}') "${connect[@]}"
ended "so does that of a file" 0
peer left one bash -c 'head -c 2000000 /dev/zero | tr "\0" x | "$@"' - "${connect[@]}"
ended "a line without end ends it" 1
check "and it says so" grep -q 'longer than 1 MiB' <(said left)

check "a terminal or pipe is left as it was" in_ns one "${PYTHON:-python3}" - "${connect[@]}" <<'PYTHON'
import fcntl, os, pty, subprocess, sys, time
for ours, theirs in [pty.openpty(), os.pipe()[::-1]]:
    program = subprocess.Popen(sys.argv[1:], stdin=theirs, stdout=subprocess.PIPE)
    while b"local" not in program.stdout.readline():
        assert program.poll() is None
    os.write(ours, b'{"send":"x"}\n')
    assert b"no path" in program.stdout.readline()
    program.terminate()
    assert program.wait(5) == 0
    assert not fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK
PYTHON
finish
