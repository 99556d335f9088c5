#!/usr/bin/env bash
# Clients over TCP, TLS and DTLS, good and bad, with the workers that they are spread over.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_namespaces
command -v openssl >/dev/null || { echo "skipped: openssl is not installed"; exit 77; }

#   client 203.0.113.2, its peer .3, forged sources .30-.59, a balancer 203.0.113.99 -- srv 203.0.113.10
namespace client balancer srv
ip -n "$prefix-srv" link add br0 type bridge
ip -n "$prefix-srv" address add 203.0.113.10/24 dev br0
ip -n "$prefix-srv" link set br0 up
join client eth0 203.0.113.2/24 srv client
join balancer eth0 203.0.113.99/24 srv balancer
for port in client balancer; do ip -n "$prefix-srv" link set "$port" master br0; done
for host in 3 {30..59}; do ip -n "$prefix-client" address add "203.0.113.$host/24" dev eth0; done
certificate

serve() {
  start server srv "$build/server/stile-server" --drain-timeout 0 --listen 203.0.113.10:3478 --listen-tls 203.0.113.10:443 --realm test \
    --cert "$work/cert.pem" --key "$work/key.pem" --user u:p --allow-peer 203.0.113.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}
# scenario NAME [WHERE] [OPTIONS...]: what it prints is shown behind its name.
scenario() {
  local name=$1 where=${2:-client} before=$failures
  check "$name ${*:3}" in_ns "$where" timeout 60 python3 "$here/transports.py" "$name" --server 203.0.113.10:443 \
    --pid "$server" --peer-host 203.0.113.3 --folder "$work" --log "$work/server.err" "${@:3}"
  ((failures > before)) || sed 's/^/          /' "$work/check.out"
}
refused() {
  in_ns srv timeout 5 "$build/server/stile-server" --listen 203.0.113.10:3478 --user u:p "$@" >/dev/null 2>"$work/refusal"
  [[ $? == 1 && $(wc -l <"$work/refusal") == 1 ]]
}

check "a missing certificate is told in one line" refused --listen-tls 203.0.113.10:443 --cert "$work/none.pem" --key "$work/key.pem"
check "a certificate that is none is told in one line" refused --listen-tls 203.0.113.10:443 --cert "$work/key.pem" --key "$work/key.pem"
check "TLS needs a certificate" refused --listen-tls 203.0.113.10:443
check "--proxy-protocol needs to know whom to believe" refused --proxy-protocol

for workers in 1 2; do
  check "$workers: starts" serve --threads "$workers" --proxy-protocol --proxy-from 203.0.113.99/32
  check "$workers: the ready line names the TLS listener" grep -q '"listen_tls":\["203.0.113.10:443"\]' "$work/server.out"
  scenario one-port
  scenario slow-reader
  scenario slow-reader client --tls
  scenario behind-balancer balancer
  scenario not-a-balancer
  scenario dtls-noise
  scenario dtls-fragments
  scenario dtls-half-open
  scenario idle
  scenario reload client --tls
  check "$workers: it still runs" kill -0 "$server"
  end "$server" TERM
  check_equal "$workers: it ends well" 0 $?
  certificate
done
finish
