#!/usr/bin/env bash
# stile-server's TLS and DTLS with coturn's client and with OpenSSL's, by one worker and by two.
#
#   client 10.99.0.1 (the peer's host, too) ---- server 10.99.0.2
source "$(dirname "${BASH_SOURCE[0]}")/turnutils.bash"
need_namespaces
need_turnutils uclient peer
command -v openssl >/dev/null || { echo "skipped: openssl is not installed"; exit 77; }

namespace client server
join client eth0 10.99.0.1/24 server eth0 10.99.0.2/24
certificate
start peer client turnutils_peer -L 10.99.0.1 -p 3480

relay() {
  start server server "$build/server/stile-server" --drain-timeout 0 --listen 10.99.0.2:3478 --listen-tls 10.99.0.2:5349 \
    --cert "$work/cert.pem" --key "$work/key.pem" --realm test --user user:pass --allow-peer 10.99.0.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}

# load NAME OPTIONS...: ten of coturn's clients in the background, 50 messages each to the peer that sends them back.
load() {
  uclient "$1" -m 10 -n 50 -l 400 -z 10 -u user -w pass -e 10.99.0.1 "${@:2}" 10.99.0.2
}

# shakes PATTERN OPTIONS...: openssl's client prints what matches the pattern.
shakes() {
  echo | in_ns client timeout 10 openssl s_client -connect 10.99.0.2:5349 "${@:2}" >"$work/client.out" 2>&1
  grep -qE -- "$1" "$work/client.out" || { cat "$work/client.out"; return 1; }
}

# binding OPTIONS...: a Binding request is answered over OpenSSL's client.
binding() {
  { printf '\0\1\0\0\x21\x12\xa4\x42abcdefghijkl'; sleep 0.5; } |
    in_ns client timeout 10 openssl s_client -quiet -no_ign_eof -connect 10.99.0.2:5349 "$@" 2>"$work/client.err" | head -c 20 >"$work/answer"
  [[ $(head -c 2 "$work/answer" | od -An -tx1) == " 01 01" && $(tail -c 12 "$work/answer") == abcdefghijkl ]] ||
    { cat "$work/client.err"; return 1; }
}

declare -A transports=([TCP]='-t' [TLS]='-t -S -p 5349' [DTLS]='-S -p 5349' [TLS on the plain port]='-t -S -p 3478'
  [TCP on the TLS port]='-t -p 5349' [DTLS on the plain port]='-S -p 3478')
# A hello as large as one with post-quantum key shares, in datagrams of 300 bytes.
many=$(printf 'protocol-%02d-of-nobody,' {1..50})stun.turn
for workers in 1 2; do
  check "$workers: starts" relay --threads "$workers"
  for name in "${!transports[@]}"; do
    read -ra arguments <<<"${transports[$name]}"
    load "$name" "${arguments[@]}"
    load "$name, by Send indications" -s "${arguments[@]}"
  done
  for name in "${!transports[@]}"; do
    check "$workers: ten clients over $name" all_back "$name" 500
    check "$workers: ten clients over $name, by Send indications" all_back "$name, by Send indications" 500
  done
  for version in tls1_2 tls1_3 dtls1_2; do
    check "$workers: $version, ALPN stun.turn" shakes '^ALPN protocol: stun.turn' "-$version" -alpn stun.turn
    check "$workers: $version, ALPN stun.nat-discovery" shakes '^ALPN protocol: stun.nat-discovery' "-$version" -alpn h2,stun.nat-discovery
    check "$workers: $version, no ALPN" shakes '^No ALPN negotiated' "-$version"
    check "$workers: $version, other protocols are refused" shakes 'alert no application protocol' "-$version" -alpn h2,http/1.1
    check "$workers: $version, Binding" binding "-$version"
  done
  check "$workers: TLS 1.1 is refused" shakes 'alert protocol version|no protocols available' -tls1_1 -cipher DEFAULT@SECLEVEL=0
  check "$workers: no session is resumed" shakes 'Session-ID: $' -tls1_2
  check "$workers: a hello in several datagrams" shakes '^ALPN protocol: stun.turn' -dtls1_2 -mtu 300 -alpn "$many"
  check "$workers: Binding behind a hello in several datagrams" binding -dtls1_2 -mtu 300 -alpn "$many"
  end "$server" TERM
  check_equal "$workers: ends well" 0 $?
done
finish
