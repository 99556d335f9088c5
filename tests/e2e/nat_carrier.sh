#!/usr/bin/env bash
# A carrier's NAT: port blocks, deterministic shares, who had a port, sessions in the log, syslog, watching; personalities.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
serve echo srv udp-echo --at 0.0.0.0:7000

# seen HOST PORT [SERVER]: as which endpoint the server sees it; "none" without an answer.
seen() {
  ask "$1" udp-ask --at "0.0.0.0:$2" --to "${3:-203.0.113.9}:7000" --seconds 2 2>/dev/null | cut -d' ' -f1 | grep . || echo none
}
in_range() { (($1 >= $2 && $1 <= $3)) || { echo "$1 is not in $2-$3"; return 1; }; }

# watch_sees TEXT: as watching may begin a little late, something happens until it is seen.
watch_sees() {
  for ((i = 0; i < 40; i++)); do
    ctl flush >/dev/null
    seen two 5005 >/dev/null
    grep -q -- "$1" "$work/watch.out" && return 0
    sleep 0.1
  done
  return 1
}

check "blocks of ports start" start_nat --ports block:64 --log "$work/log" --log-detail blocks --syslog 127.0.0.1:5514
serve sink nat udp-collect --at 127.0.0.1:5514
start watch nat "$nat" ctl watch
for port in 5001 5002 5003; do seen one "$port" >/dev/null; done
one=$(seen one 5004)
two=$(seen two 5004)
check_equal "one block for all ports of a host" 2 "$(grep -c block-assigned "$work/log")"
check_equal "no line for a mapping" 0 "$(grep -c '"event":"created"' "$work/log")"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
check_equal "who had the port: the host" 10.1.0.2 "$(ctl who "$one" "$now" | cut -d' ' -f1)"
check_equal "who had the other's" 10.1.0.3 "$(ctl who "udp:$two" "$now" --json | sed -n 's/.*"inside":"\([^"]*\)".*/\1/p')"
check_equal "nobody had it a year ago" nobody "$(ctl who "$one" 2001-01-01T00:00:00Z)"
check_not "which is a failure" ctl who "$one" 2001-01-01T00:00:00Z
check "syslog has it" await_line sink '<134>1 .* stile-nat .*"event":"block-assigned"' 5
cp "$work/log" "$work/log.then"
for time in yesterday 2026-13-01T00:00:00Z 2026-01-31T12:00:00+02:00 ''; do
  check_equal "who: '$time' is no time" 2 "$(ctl who "$one" "$time" >/dev/null 2>&1; echo $?)"
done
check "watchers see what happens" watch_sees block-assigned
end_nat
check_equal "the log can be asked afterwards" 10.1.0.2 "$(ctl who "$one" "$now" --log "$work/log.then" | cut -d' ' -f1)"
: >"$work/log.empty"
check_equal "so can several, named first" 10.1.0.2 \
  "$(ctl --log "$work/log.empty" --log "$work/log.then" who "$one" "$now" | cut -d' ' -f1)"

check "deterministic shares start" start_nat --ports deterministic --subscribers 10.1.0.2-10.1.0.15 --dynamic-factor 2
one=$(seen one 5001)
two=$(seen two 5001)
check "the first subscriber has the first share" in_range "${one#*:}" 1024 5055
check "the second has the second" in_range "${two#*:}" 5056 9087
check_equal "who had it needs no log" "10.1.0.2 always" "$(ctl who "$one" | awk '{ print $1, $4 }')"
end_nat

check "sessions in the log start" start_nat --log "$work/sessions" --log-detail sessions
seen one 5001 >/dev/null
check "with their destinations" grep -q '"event":"session-created","protocol":"udp","inside":"10.1.0.2:5001","external":"203.0.113.1:5001","remote":"203.0.113.9:7000"' "$work/sessions"
end_nat

check "UDP without sessions starts" start_nat --no-udp-sessions --ports random --state "$work/state"
one=$(seen one 5001)
check_equal "every server sees the same" "$one" "$(seen one 5001 203.0.113.10)"
check_equal "the list has the mapping once, whoever is on the other side" "10.1.0.2:5001 $one * - -" \
  "$(ctl list | awk '$1 == "udp" { print $4, $5, $6, $7, $8 }')"
check_equal "as conntrack prints it, too" "src=10.1.0.2 sport=5001 [MAPPING] dst=203.0.113.1 dport=${one#*:}" \
  "$(ctl list --conntrack | grep -o 'src=.*')"
end_nat
check "starts again" start_nat --no-udp-sessions --ports random --state "$work/state"
check_equal "the mapping has survived" "$one" "$(seen one 5001 203.0.113.10)"
end_nat
refused "a log of what is not there" "a log of sessions needs sessions of UDP" --no-udp-sessions --log "$work/log" --log-detail sessions
refused "a filter that needs sessions" "UDP without sessions needs endpoint-independent mapping and filtering" \
  --no-udp-sessions --filtering address-dependent

check "like Linux' masquerade" start_nat --like linux-masquerade
check_equal "the inside port is kept" 203.0.113.1:5001 "$(seen one 5001)"
check_equal "for another destination, too" 203.0.113.1:5001 "$(seen one 5001 203.0.113.10)"
check_equal "and by another host towards a third" none "$(ask two udp-ask --at 0.0.0.0:5001 --to 203.0.113.9:7001 --seconds 1 2>/dev/null || echo none)"
check_equal "so that it is used by all of them" 3 "$(ctl list | grep -c '203.0.113.1:5001 ')"
check_not "until it clashes" same 203.0.113.1:5001 "$(seen two 5001)"
end_nat
check "like a symmetric NAT" start_nat --like symmetric
check_not "each destination has its port" same "$(seen one 5001)" "$(seen one 5001 203.0.113.10)"
end_nat
check "like a network without UDP" start_nat --like udp-blocked
check_equal "where nothing is answered" none "$(seen one 5001)"
end_nat
printf 'about = "mine"\nports = "sequential"\nport-range = "20000-20010"\n[source]\nports = "seen here"\n' >"$work/mine.toml"
check "like one of one's own" start_nat --like "$work/mine.toml"
check_equal "with its ports" 203.0.113.1:20001 "$(seen one 5001)"
end_nat
check "a list of them" grep -q '^linux-masquerade ' <("$nat" --like list)
refused "one that is not there" "--like: there is no 'nobody'; --like list names those there are" --like nobody
printf 'inside = "lan"\n' >"$work/bad.toml"
refused "one that says where it is" "$work/bad.toml:1:1: there is no key 'inside'; see stile-nat --help" --like "$work/bad.toml"
refused "shares without subscribers" "deterministic ports need a range of subscribers" --ports deterministic
finish
