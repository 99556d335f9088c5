#!/usr/bin/env bash
# Whom stile-server serves and how it knows them: TURN REST secrets as openssl makes passwords, nobody at all, clients of
# RFC 3489; where it sends clients that it does not take.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces

#   client 203.0.113.2 -- srv 203.0.113.10 and .11
namespace client srv
join client eth0 203.0.113.2/24 srv eth0 203.0.113.10/24
ip -n "$prefix-srv" address add 203.0.113.11/24 dev eth0
address=203.0.113.10:3478

serve() {
  start server srv "$build/server/stile-server" --listen "$address" --realm test --allow-peer 203.0.113.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}
stile() { in_ns client timeout 20 "$build/client/stile" "$@"; }
scenario() { in_ns client timeout 20 "${PYTHON:-python3}" "$here/server_auth.py" "$1" "${address%:*}" "${address#*:}" "${@:2}"; }
scenario_here() { in_ns srv timeout 20 "${PYTHON:-python3}" "$here/server_auth.py" "$1" 0 0 "${@:2}"; }
# rest DIGEST SECRET NAME: with a password as docs/server.md has it.
rest() {
  local user
  user=$(($(date +%s) + ${4:-3600})):$3
  stile turn "$address" --username "$user" --password "$(printf %s "$user" | openssl dgst "-$1" -hmac "$2" -binary | base64)"
}

check "starts with two secrets" serve --auth-secret new-star-7f3a --auth-secret north-star-7f3a
listening=$(in_ns srv ss -Hntul | awk '{print $1, $5}' | sort -u)
check_equal "it listens where it was told to and nowhere else" "tcp $address"$'\n'"udp $address" "$listening"
for digest in sha1 sha256; do
  check "a password by $digest of the new secret" rest "$digest" new-star-7f3a alice
  check "a password by $digest of the old secret" rest "$digest" north-star-7f3a alice
  check_not "a password by $digest of another" rest "$digest" south-star-7f3a alice
  check_not "a password by $digest that has expired" rest "$digest" new-star-7f3a alice -1
done
check "coturn e72930f5: the operator's socket takes no name of a file" scenario_here ctl "psd $work/sessions"
check_not "and has written none" test -e "$work/sessions"
check "a client of RFC 3489 is told its address" scenario classic 203.0.113.2
end "$server" TERM

openssl rand -hex 32 >"$work/nonce.keys"
check "starts with keys of nonces" serve --user user:pass --nonce-key "$work/nonce.keys"
check "relays" stile turn "$address" --username user --password pass
nonce=$(scenario nonce)
end "$server" TERM
openssl rand -base64 32 >"$work/new.keys"
cat "$work/nonce.keys" >>"$work/new.keys"
check "starts with a new key before the old one" serve --user user:pass --nonce-key "$work/new.keys"
check "a nonce that the old one signed is good" scenario with-nonce "$nonce" 0
end "$server" TERM
check "starts with a key of its own" serve --user user:pass
check "the nonce is stale" scenario with-nonce "$nonce" 438
end "$server" TERM

check "starts as an open relay" serve --allow-anonymous
check "and says so" grep -q 'warning open-relay .*--allow-anonymous: relaying for everybody' "$work/server.err"
check "relays for everybody" scenario anonymous
end "$server" TERM

check "starts to send everybody elsewhere" serve --user user:pass --redirect-always --alternate-server 203.0.113.11:3478
check "clients are told where" scenario redirected 203.0.113.11:3478
end "$server" TERM
check_equal "ends well" 0 $?
finish
