#!/usr/bin/env bash
# FTP through stile-nat's gateway for it: pyftpdlib's server and Python's client, in all modes, the client inside and the server
# inside; addresses whose text is longer outside than inside, so that sequence numbers shift.
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/nat_net.bash"
python=/usr/bin/python3  # Debian's, which has pyftpdlib
"$python" -c 'import pyftpdlib' 2>/dev/null || { echo "skipped: pyftpdlib is not installed (python3-pyftpdlib)"; exit 77; }
need_namespaces
nat_network
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
serve_ftp() {
  start "$1" "$2" "$python" "$folder/ftp_peer.py" serve "$3" "$work/$1-files"
  await_line "$1" ready
}
ftp() { in_ns "$1" timeout 60 "$python" "$folder/ftp_peer.py" "${@:2}" 2>&1 | tail -1; }
serve_ftp out srv 203.0.113.9
serve_ftp in one 10.1.0.2

check "starts with its gateway for FTP" start_nat --ftp-alg --filtering address-and-port-dependent --forward tcp:21=10.1.0.2:21
for mode in passive active extended-passive extended-active; do
  check_equal "the client inside, $mode" "same 5 times" "$(ftp one ask 203.0.113.9 "$mode" 5)"
done
check_equal "two clients at once" "same 5 times, same 5 times" \
  "$(ftp one ask 203.0.113.9 active 5 >"$work/first" & ftp two ask 203.0.113.9 active 5 >"$work/second"; wait; echo "$(cat "$work/first"), $(cat "$work/second")")"
for mode in passive extended-passive active; do
  check_equal "the server inside, $mode" "same 5 times" "$(ftp srv ask 203.0.113.1 "$mode" 5)"
done
end_nat
check "starts without" start_nat --filtering address-and-port-dependent
check_equal "the client inside, passive" "same 1 times" "$(ftp one ask 203.0.113.9 passive 1)"
check_not "active is not for it" same "same 1 times" "$(ftp one ask 203.0.113.9 active 1)"
end_nat
finish
