#!/usr/bin/env bash
# stile diagnose, stun and turn: what they find out behind NATs that are known, and how they say what is wrong.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
relay_server --behavior-discovery --alternate-address 203.0.113.11
open_host one 203.0.113.21
open_host walled 203.0.113.22

# nat_home LETTER NUMBER MAPPING FILTERING
nat_home() {
  home "$1" "$2"
  check "gateway $1 starts, $3/$4" gateway "$1" --mapping "$3" --filtering "$4"
}
nat_home a 1 endpoint-independent endpoint-independent
nat_home b 2 endpoint-independent address-dependent
nat_home c 3 endpoint-independent address-and-port-dependent
nat_home d 4 address-dependent address-dependent
nat_home e 5 address-and-port-dependent address-and-port-dependent
home f 6
in_ns gw-f sysctl -qw net.ipv4.ip_forward=1
in_ns gw-f nft -f - <<'END'
table ip home {
  chain input { type filter hook input priority 0; iifname wan ct state new drop; }
  chain forward { type filter hook forward priority 0; iifname wan ct state new drop; }
  chain out { type nat hook postrouting priority 100; oifname wan masquerade; }
}
END
in_ns walled nft -f - <<'END'
table ip wall { chain input { type filter hook input priority 0; iifname eth0 ct state new drop; }; }
END

# fact NAME KEY: of the JSON object that it printed; keys of the report are simple.
fact() {
  "${PYTHON:-python3}" -c 'import json, sys
value = json.load(open(sys.argv[1])).get(sys.argv[2])
print(",".join(value) if isinstance(value, list) else json.dumps(value).strip("\""))' "$work/$1.out" "$2"
}
# facts NAME: what tells one NAT from another, in one line.
facts() { echo "$(fact "$1" nat) $(fact "$1" mapping) $(fact "$1" filtering) $(fact "$1" hairpinning)"; }

# All at once: each takes seconds of silence where packets are filtered.
declare -A asked
for host in a b c d e f one walled; do
  start "json-$host" "$host" "$stile" diagnose --server "$server_address" --json
  asked[json-$host]=$pid
  start "words-$host" "$host" "$stile" diagnose --server "$server_address"
  asked[words-$host]=$pid
done
for name in "${!asked[@]}"; do check "$name ends well" await_end "${asked[$name]}" 30; done

# found HOST PUBLIC NAT MAPPING FILTERING HAIRPINNING PATTERN...: in JSON; and the lines that people read.
found() {
  local pattern
  check_equal "$1: NAT, mapping, filtering, hairpinning" "$3 $4 $5 $6" "$(facts "json-$1")"
  check "$1: seen at $2, got $(fact "json-$1" mapped)" grep -qE "^${2//./\\.}:[0-9]+$" <(fact "json-$1" mapped)
  check "$1: the words name $2" grep -qE "seen by the server as ${2//./\\.}:[0-9]+$" "$work/words-$1.out"
  for pattern in "${@:7}"; do check "$1: the words say '$pattern'" grep -qE "$pattern" "$work/words-$1.out"; done
}
ei=endpoint-independent ad=address-dependent apd=address-and-port-dependent
found a 203.0.113.101 true $ei $ei true '^NAT +yes' '^mapping +EIM' '^filtering +EIF' '^hairpinning +yes' '^Direct connections work with every peer'
found b 203.0.113.102 true $ei $ad true '^mapping +EIM' '^filtering +ADF' '^Direct connections work with every peer'
found c 203.0.113.103 true $ei $apd true '^mapping +EIM' '^filtering +APDF'
# The address to be met at is another for each destination: what is known of it is of no use, even where it is hairpinned.
found d 203.0.113.104 true $ad $ad false '^mapping +ADM' '^filtering +ADF'
found e 203.0.113.105 true $apd $apd false '^mapping +APDM' '^filtering +APDF' 'A relay is needed'
found f 203.0.113.106 true $ei $apd false '^mapping +EIM' '^filtering +APDF' '^hairpinning +no'
found one 203.0.113.21 false null $ei null '^NAT +no$' '^filtering +EIF' '^Direct connections work with every peer'
found walled 203.0.113.22 false null $apd null '^NAT +no$' '^filtering +APDF'
not_independent=ADM/EIF,ADM/ADF,ADM/APDF,APDM/EIF,APDM/ADF,APDM/APDF
check_equal "behind EIM/APDF: a relay is needed with all that are not EIM" $not_independent "$(fact json-c relay-with)"
check_equal "behind EIM/APDF: none is needed with those that are" EIM/EIF,EIM/ADF,EIM/APDF "$(fact json-c direct-with)"
check_equal "behind APDM/APDF: it is needed wherever the peer's filter knows ports, or its mapping destinations" \
  "EIM/APDF,$not_independent" "$(fact json-e relay-with)"
check_equal "without NAT: never" "" "$(fact json-one relay-with)"

# What a server with one address can tell, and stun and turn.
start plain srv "$build/server/stile-server" --listen 203.0.113.10:3500 --realm test --relay-address 203.0.113.10 --user u:p
await_line plain '"ready":true'
ask() { in_ns "$1" timeout 20 "$stile" "${@:2}"; }
check "a server with one address: it is said" grep -q '^The server has one address' \
  <(ask c diagnose --server 203.0.113.10:3500)
ask c diagnose --json --server 203.0.113.10:3500 >"$work/plain-c.out"
check_equal "a server with one address: nothing is made up" "false true null null true" \
  "$(fact plain-c behavior-discovery) $(facts plain-c)"
for options in "" --tcp; do
  check "stun $options behind a NAT" grep -qE '^203\.0\.113\.10:3478 sees us at 203\.0\.113\.103:[0-9]+ \([0-9.]+ ms\)$' \
    <(ask c stun $options "$server_address")
  ask c stun $options --json "stun:$server_address:3478" >"$work/stun.out"
  check "stun $options --json: $(cat "$work/stun.out")" grep -qE '^203\.0\.113\.103:[0-9]+$' <(fact stun mapped)
done
turn_words='203\.0\.113\.10:3478 sees us at 203\.0\.113\.105:[0-9]+ and relays for us at 203\.0\.113\.10:[0-9]+'
ask e turn "$server_address" --username u --password p >"$work/turn.out"
check_equal "turn: exit status" 0 $?
check "turn: where it relays" grep -qE "^$turn_words$" "$work/turn.out"
check "turn: how it relays" grep -q '^10 of 10 datagrams came back through two relayed addresses, median ' "$work/turn.out"
ask e turn "$server_address" --username u --password p --count 3 --json >"$work/turn.out"
check_equal "turn --json --count 3" "3 3" "$(fact turn sent) $(fact turn received)"

# error WHAT STATUS LINE COMMAND...: nothing but the line, on standard error.
error() {
  local output status
  output=$(ask one "${@:4}" 2>&1 >"$work/error.out")
  status=$?
  check_equal "error: $1" "$2: $3" "$status: $output"
  check_equal "error: $1: nothing on standard output" "" "$(cat "$work/error.out")"
}
silent='203.0.113.98:3478 does not answer over UDP; check the address and port, and that a firewall lets it through'
nameless="cannot find the server 'nobody.invalid'; check the name, or give an IP address"
user=(--username u --password p)
error "stun, no answer" 1 "stile stun: $silent" stun 203.0.113.98 --timeout 0.5
error "turn, no answer" 1 "stile turn: $silent" turn 203.0.113.98 "${user[@]}"
error "diagnose, no answer" 1 "stile diagnose: $silent" diagnose --server 203.0.113.98
error "stun, nobody listens" 1 \
  "stile stun: no server listens at 203.0.113.10:9 (connection refused); check the address and port" stun 203.0.113.10:9
error "stun, no name" 1 "stile stun: $nameless" stun nobody.invalid
error "turn, no name" 1 "stile turn: $nameless" turn nobody.invalid "${user[@]}"
error "diagnose, no name" 1 "stile diagnose: $nameless" diagnose --server nobody.invalid
for server in http://203.0.113.10 203.0.113.10:0 203.0.113.10:stun '[::1'; do
  form="'$server' is not HOST, HOST:PORT or [IPV6]:PORT"
  error "stun $server" 1 "stile stun: $form" stun "$server"
  error "turn $server" 1 "stile turn: $form" turn "$server" "${user[@]}"
  error "diagnose $server" 1 "stile diagnose: $form" diagnose --server "$server"
done
error "turn, wrong password" 1 "stile turn: 203.0.113.10:3478: wrong user name or password" \
  turn "$server_address" --username u --password wrong
error "turn, unknown user" 1 "stile turn: 203.0.113.10:3478: wrong user name or password" \
  turn "$server_address" --username nobody --password p
error "turn, peers not allowed" 1 "stile turn: 203.0.113.10:3500 gives relayed addresses, but refuses its own, \
203.0.113.10, as a peer (error 403); allow it there (--allow-peer)" turn 203.0.113.10:3500 "${user[@]}"
finish
