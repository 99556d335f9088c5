#!/usr/bin/env bash
# What stile-server cannot start with is told in one line, what and what to do, and nothing is left half-started.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces

#   client 203.0.113.2 -- srv 203.0.113.10
namespace client srv
join client eth0 203.0.113.2/24 srv eth0 203.0.113.10/24
address=203.0.113.10:3478
good=(--listen "$address" --user user:pass)

sockets() { in_ns srv ss -Hantu state all exclude time-wait; }

# refused TEXT OPTIONS...: ends by itself with a failure, says nothing but one line that has the text, leaves no socket.
refused() {
  local status before
  before=$(sockets)
  in_ns srv timeout 5 "$build/server/stile-server" "${@:2}" >"$work/refused.out" 2>"$work/refused.err"
  status=$?
  echo "exit status $status"
  cat "$work/refused.out" "$work/refused.err"
  ((status == 1 || status == 2)) && [[ ! -s $work/refused.out && $(wc -l <"$work/refused.err") == 1 ]] &&
    grep -q -- "^stile-server: $1" "$work/refused.err" && [[ $(sockets) == "$before" ]]
}
# wrong WHAT TEXT OPTIONS...
wrong() { check "$1" refused "${@:2}"; }
config() { printf '%s\n' "$@" >"$work/relay.toml"; }
from_file=(--config "$work/relay.toml")

wrong "a listen address that the host does not have" \
  'cannot listen on 203.0.113.77:3478 (UDP): Cannot assign requested address; this machine does not have the address' \
  --listen 203.0.113.77:3478 --user user:pass
wrong "a good listen address beside it" 'cannot listen on 203.0.113.77:3478' "${good[@]}" --listen 203.0.113.77:3478
wrong "a listen address that is none" "--listen 'somewhere' is not ADDR:PORT" --listen somewhere
wrong "a relay address that the host does not have" 'cannot relay from 203.0.113.77: .*; this machine does not have it' \
  "${good[@]}" --relay-address 203.0.113.77
wrong "a bad CIDR of allowed peers" "--allow-peer '10.0.0.0/33' is not a CIDR block such as 10.0.0.0/8" \
  "${good[@]}" --allow-peer 10.0.0.0/33
wrong "a bad CIDR of denied peers" "--deny-peer 'x' is not a CIDR block" "${good[@]}" --deny-peer x
for user in user user: :pass ''; do
  wrong "a bad user: '$user'" "--user '$user' is not NAME:PASSWORD" --listen "$address" --user "$user"
done
wrong "a key of an authorization server that is none" "--oauth-key 'north' is not KID:KEY" "${good[@]}" --oauth-key north
printf '%s\n' "$(openssl rand -hex 32)" secret >"$work/nonce.keys"
wrong "a line that is no key of nonces" "$work/nonce.keys:2: is no key; give --nonce-key a file" "${good[@]}" --nonce-key "$work/nonce.keys"
wrong "no such file of keys" "$work/none.keys: No such file or directory; give --nonce-key a file" "${good[@]}" --nonce-key "$work/none.keys"
wrong "an alternate server that is none" "--alternate-server 'elsewhere' is not ADDR:PORT" "${good[@]}" --alternate-server elsewhere
wrong "itself as an alternate server" "--alternate-server '$address' is not another server" "${good[@]}" --alternate-server "$address"
wrong "an open relay with users" '--allow-anonymous asks nobody for credentials; leave it out, or --user' "${good[@]}" --allow-anonymous
wrong "bad relay ports" "--relay-ports '9-1' is not MIN-MAX" "${good[@]}" --relay-ports 9-1
wrong "an unknown flag" '.*--lisen.*; see stile-server --help' --lisen "$address"
wrong "a missing certificate" "cannot read the certificate $work/none.pem: No such file or directory; give --cert and --key PEM files" \
  "${good[@]}" --listen-tls 203.0.113.10:5349 --cert "$work/none.pem" --key "$work/none.pem"
wrong "TLS without a certificate" '--listen-tls needs a certificate; give --cert FILE and --key FILE' \
  "${good[@]}" --listen-tls 203.0.113.10:5349

wrong "a missing file" "$work/none.toml: No such file or directory; give --config a file that can be read" --config "$work/none.toml"
config "listen = \"$address\"" 'user = "user:pass"' 'realm = '
wrong "broken TOML" "$work/relay.toml:3:" "${from_file[@]}"
config "listen = \"$address\"" 'user = "user:pass"' 'lisen-tls = "x"'
wrong "an unknown key" "$work/relay.toml:3:1: there is no key 'lisen-tls'; see stile-server --help" "${from_file[@]}"
config "listen = \"$address\"" 'user = "user:pass"' "nonce-key = \"$work/nonce.keys\""
wrong "a bad key in a file that the file names" "$work/relay.toml:3:13: $work/nonce.keys:2: is no key" "${from_file[@]}"
config "listen = \"$address\"" 'threads = true'
wrong "a value of another kind" "$work/relay.toml:2:.*: 'threads' takes a text or a whole number" "${from_file[@]}"
config "listen = \"$address\"" 'allow-peer = ["10.0.0.0/8", "nowhere"]'
wrong "a bad CIDR in the file" "$work/relay.toml:2:29: --allow-peer 'nowhere' is not a CIDR block" "${from_file[@]}"

# A port in use: of another program, over UDP and over TCP, and of another stile-server.
occupied() {
  start occupant srv "${PYTHON:-python3}" -c "
import socket, time
taken = socket.socket(socket.AF_INET, socket.$1)
taken.bind(('203.0.113.10', 3478))
if socket.$1 == socket.SOCK_STREAM: taken.listen()
print('taken', flush=True)
time.sleep(60)"
  await_line occupant taken
  wrong "a port that another program has: $2" "cannot listen on $address ($2): .*; another program has this port; stop it or choose another" "${good[@]}"
  end "$pid" KILL
}
occupied SOCK_DGRAM UDP
occupied SOCK_STREAM TCP
start server srv "$build/server/stile-server" "${good[@]}"
server=$pid
check "the same options without a mistake serve" await_line server '"ready":true'
wrong "a port that another stile-server has" "cannot listen on $address (UDP): .*; another program has this port" "${good[@]}"
check "which still serves" in_ns client "$build/client/stile" stun "$address"
end "$server" TERM

start server srv "$build/server/stile-server" --listen "$address" --allow-peer 203.0.113.0/24
server=$pid
check "without any user it starts" await_line server '"ready":true'
check "and says that it relays for nobody" \
  grep -q 'warning stun-only .*no --user, --users, --auth-secret or --oauth-key: answering STUN only, relaying for nobody' "$work/server.err"
check "Binding over UDP" in_ns client "$build/client/stile" stun "$address"
check "Binding over TCP" in_ns client "$build/client/stile" stun --tcp "$address"
check "it is no open relay" in_ns client "${PYTHON:-python3}" "$here/server_basic.py" no-users 203.0.113.10 3478
check_not "nor for a user of any name" in_ns client timeout 20 "$build/client/stile" turn "$address" --username u --password p
end "$server" TERM
check_equal "it ends well" 0 $?
finish
