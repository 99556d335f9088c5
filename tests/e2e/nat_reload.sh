#!/usr/bin/env bash
# SIGHUP: stile-nat reads its file again; timers, limits, forwards and impairments change as it runs, a bad file changes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
serve echo srv udp-echo --at 0.0.0.0:7000
serve web one tcp-listen --at 0.0.0.0:8080
serve mail two tcp-listen --at 0.0.0.0:8025

# hang_up: SIGHUP, until the program says what it made of it.
hang_up() {
  local lines i
  lines=$(wc -l <"$work/nat.err")
  kill -HUP "$nat_pid"
  for ((i = 0; i < 200; i++)); do (($(wc -l <"$work/nat.err") > lines)) && return; sleep 0.05; done
}
# reload TEXT: with that file.
reload() {
  printf '%s\n' "$1" >"$work/nat.toml"
  hang_up
}
answer() { tail -n 1 "$work/nat.err"; }
said() { check_equal "$1" "stile-nat: $work/nat.toml$2" "$(answer)"; }
shown() { ctl show | sed -n "s/^$1 *//p"; }
seen() { ask one udp-ask --at 0.0.0.0:5001 --to 203.0.113.9:7000 2>/dev/null || echo none; }

printf 'udp-timeout = "5m"\nforward = ["tcp:80=10.1.0.2:8080", "tcp:25=10.1.0.3:8025"]\n' >"$work/nat.toml"
check "starts with a file" start_nat --config "$work/nat.toml" --icmp-timeout 70s --ports random
before=$(seen)
check_equal "a forward leads inside" connected "$(ask srv tcp-outcome --to 203.0.113.1:80)"

reload $'udp-timeout = "2m"\nicmp-timeout = "30s"\nports-per-host = 7\nforward = ["tcp:443=10.1.0.2:8080", "tcp:25=10.1.0.3:8025"]'
said "the file is read again" ": read again"
check_equal "a timer is another one" 120s "$(shown timeouts.udp)"
check_equal "the command line counts more" 70s "$(shown timeouts.icmp)"
check_equal "so is a limit" 7 "$(shown limits.ports_per_host)"
check_equal "a forward has come" connected "$(ask srv tcp-outcome --to 203.0.113.1:443)"
check_equal "one is gone" timeout "$(ask srv tcp-outcome --to 203.0.113.1:80 --seconds 1)"
check_equal "one has stayed" connected "$(ask srv tcp-outcome --to 203.0.113.1:25)"
check_equal "flows go on" "$before" "$(seen)"

reload 'loss = "100%"'
check_equal "an impairment begins" none "$(ask one udp-ask --at 0.0.0.0:5002 --to 203.0.113.9:7000 --seconds 1 2>/dev/null || echo none)"
reload 'loss = "0%"'
check_equal "and ends" "$before" "$(seen)"

reload $'udp-timeout = "10m"\nforward = "tcp:81"'
said "a bad file is refused in one line" ":2:11: --forward: 'tcp:81' is not of the form tcp:80=10.0.0.2:8080; all stays as it was"
check_equal "all is as it was" 300s "$(shown timeouts.udp)"
reload $'udp-timeout = "10m"\nforward = "tcp:203.0.113.77:80=10.1.0.2:80"'
check_equal "so is one that contradicts" \
  "stile-nat: forward tcp:203.0.113.77:80=10.1.0.2:80: 203.0.113.77 is not among the external addresses; all stays as it was" \
  "$(answer)"
reload $'udp-timeout = "10m"\npooling = "arbitrary"'
said "what takes a new start is told" ":2:11: 'pooling' takes a new start to change; all stays as it was"
check_equal "and nothing has changed" 300s "$(shown timeouts.udp)"
rm "$work/nat.toml"
hang_up
check "a file that is gone is told" grep -q 'No such file or directory.*; all stays as it was' <(answer)
check_equal "flows still go on" "$before" "$(seen)"
end_nat
check_equal "it ends well" 0 $?
finish
