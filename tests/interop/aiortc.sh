#!/usr/bin/env bash
# DTLS-SRTP with aiortc: each begins the handshake once, and RTP goes both ways.
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/peers.bash"
need_namespaces
# Debian's module belongs to Debian's interpreter.
python=/usr/bin/python3
"$python" -c 'import aiortc' 2>/dev/null || { echo "skipped: python3-aiortc is not installed"; exit 77; }
[[ -x $build/tests/media_peer ]] || { echo "skipped: built without libsrtp2"; exit 77; }

public_network
open_host one 203.0.113.21
open_host two 203.0.113.22

for setup in "active passive" "passive active"; do
  read -r our_setup their_setup <<<"$setup"
  peer ours one "$build/tests/media_peer" controlling "$our_setup"
  peer theirs two "$python" "$(dirname "${BASH_SOURCE[0]}")/aiortc_peer.py" controlled "$their_setup"
  introduce ours theirs
  check "stile $our_setup: the handshake is over" await_line ours '^{"dtls":"SRTP_' 15
  check "stile $our_setup: aiortc says so, too" await_line theirs '^{"dtls":"connected"}' 15
  check "stile $our_setup: RTP arrives from aiortc" await_line ours '^{"rtp":"from aiortc ' 15
  check "stile $our_setup: RTP arrives from stile" await_line theirs '^{"rtp":"from stile ' 15
  for name in ours theirs; do
    end "${peers[$name]}" KILL
    wait "${signalling[$name]}" 2>/dev/null
  done
done
finish
