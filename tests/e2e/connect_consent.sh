#!/usr/bin/env bash
# stile connect when the peer is gone: consent expires (RFC 7675 §5.1), it says so and ends.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/peers.bash"
need_namespaces

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22
open_host three 203.0.113.23
open_host four 203.0.113.24
relay_server
turn=(--policy relay --turn "turn:$server_address" --username u --password p)

peer left one "$stile" connect --stdio --role controlling
peer right two "$stile" connect --stdio --role controlled
introduce left right
peer up three "$stile" connect --stdio --role controlling "${turn[@]}"
peer down four "$stile" connect --stdio --role controlled "${turn[@]}"
introduce up down
check "two pairs connect, one of them by the relay" connected left right up down

sleep 7
check_not "while the peer answers nothing fails" grep -q failed <(said left; said up)
end "${peers[right]}" KILL
end "${peers[down]}" KILL
killed=$SECONDS
sleep 20
check_not "20 seconds of silence are borne" grep -q '"failed"' <(said left; said up)
check "data may still be sent then" say left '{"send":"anybody?"}'
sleep 0.2
check_not "and is not refused" grep -q error <(said left)

# The last answer came up to 6 seconds before.
for name in left up; do
  check "$name: says that it failed" await_line $name '^{"state":"failed"}' 15
  check "$name: within 31 seconds, took $((SECONDS - killed))" test $((SECONDS - killed)) -le 31
  check_equal "$name: and why" '{"reason":"the peer has not answered for 30 seconds"}' "$(saw $name failed)"
  wait "${peers[$name]}"
  check_equal "$name: exit status" 1 $?
done
finish
