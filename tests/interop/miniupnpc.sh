#!/usr/bin/env bash
# stile-nat as an Internet Gateway Device, with miniupnpc's client.
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/nat_net.bash"
need_namespaces
command -v upnpc >/dev/null || { echo "skipped: upnpc is not installed (miniupnpc)"; exit 77; }
nat_network
# -i: it takes documentation's addresses for private ones. Found once, the device is named by its URL.
search() { in_ns one timeout 20 upnpc -i -m eth0 -s 2>&1; }
upnp() { in_ns one timeout 20 upnpc -i -u http://10.1.0.1:49000/device.xml "$@"; }
says() { grep -q -- "$1" <(upnp "${@:2}" 2>&1); }

serve game one udp-echo --at 0.0.0.0:6000
serve web one tcp-listen --at 0.0.0.0:8080
check "starts" start_nat --upnp --upnp-port 49000 --filtering address-and-port-dependent
search >"$work/found"
check "the device is found" grep -q 'desc: http://10.1.0.1:49000/device.xml' "$work/found"
check "its external address" grep -q 'ExternalIPAddress = 203.0.113.1' "$work/found"
check "the connection's state" grep -q 'Status : Connected' "$work/found"
check "a TCP port is mapped" says 'external 203.0.113.1:80 TCP is redirected to internal 10.1.0.2:8080' \
  -e "a web server" -a 10.1.0.2 8080 80 TCP 3600
check_equal "a stranger connects" connected "$(ask srv tcp-outcome --to 203.0.113.1:80)"
check "a UDP port is mapped, or another one" says 'is redirected to internal 10.1.0.2:6000' -n 10.1.0.2 6000 8000 UDP 3600
check_equal "a stranger reaches it" "203.0.113.10:4000 from 203.0.113.1:8000" \
  "$(ask srv udp-ask --at 203.0.113.10:4000 --to 203.0.113.1:8000)"
check "both are listed" says "TCP *80->10.1.0.2:8080 *'a web server'" -l
check "ctl list shows the description" grep -q '"description":"a web server"' <(ctl list --json)
check "a port that somebody has is refused" says 'failed with code 718' -a 10.1.0.2 7000 80 TCP 3600
check "and a mapping for somebody else" says 'failed with code 606' -a 10.1.0.3 7000 7000 TCP 3600
check "a mapping is ended" says 'UPNP_DeletePortMapping() returned : 0' -d 80 TCP
check_equal "nobody connects" timeout "$(ask srv tcp-outcome --to 203.0.113.1:80 --seconds 1)"
check "ending it again finds none" says 'failed with code : 714' -d 80 TCP
end_nat
check "without --upnp there is no device" start_nat
check "the client finds none" grep -q 'No IGD UPnP Device found' <(search)
end_nat
finish
