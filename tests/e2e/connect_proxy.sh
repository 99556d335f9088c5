#!/usr/bin/env bash
# stile connect --proxy: a host that nothing but a proxy lets out reaches its TURN server over TCP and TLS.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host prx 203.0.113.30
open_host two 203.0.113.22
namespace one
join prx lan 192.168.9.1/24 one eth0 192.168.9.2/24

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 \
  -subj /CN=turn -addext "subjectAltName=IP:$server_address" 2>/dev/null
relay_server --listen-tls "$server_address:5349" --cert "$work/cert.pem" --key "$work/key.pem"
start proxy prx python3 "$here/proxy.py" 192.168.9.1 3128 1080
await_line proxy 'listening 3128'
await_line proxy 'listening 1080'

connect=("$stile" connect --stdio --username u --password p --ca "$work/cert.pem")
for way in http://u:p@192.168.9.1 socks5://u:p@192.168.9.1:1080; do
  for server in "turn:$server_address?transport=tcp" "turns:$server_address"; do
    peer left one "${connect[@]}" --role controlling --turn "$server" --proxy "$way"
    peer right two "$stile" connect --stdio --role controlled
    introduce left right
    check "$way, $server: they connect" connected left right
    check "$way, $server: by the relay" grep -q '^relay' <(kinds left)
    check "$way, $server: data arrives from left" converse left right
    check "$way, $server: data arrives from right" converse right left
    check "$way, $server: they end well" dismiss left right
  done
done
check "each way was gone" test "$(sort "$work/proxy.out" | uniq | grep -c "$server_address:")" -eq 4

for way in http://u:wrong@192.168.9.1 socks5://u:wrong@192.168.9.1; do
  peer left one "${connect[@]}" --turn "turn:$server_address?transport=tcp" --proxy "$way"
  check "$way: it says why" await_error left 'it wants another user or password'
  end "${peers[left]}" TERM
done
check_not "what is no proxy is refused" "${connect[@]}" --proxy ftp://192.168.9.1
finish
