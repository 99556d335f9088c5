#!/usr/bin/env bash
# stile connect --port-mapping at a router that runs miniupnpd over the kernel's nftables: by UPnP alone, and by PCP or NAT-PMP.
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/peers.bash"
daemon=$(PATH=$PATH:/usr/sbin command -v miniupnpd) && [[ -e /etc/miniupnpd/nft_init.sh ]] ||
  { echo "skipped: miniupnpd is not installed (miniupnpd-nftables)"; exit 77; }
need_namespaces

# It maps nothing to addresses that are reserved, as those of documentation are; nobody else sees these.
external=5.5.5.1
namespace host router world
join host eth0 192.168.1.2/24 router lan 192.168.1.1/24
join router wan "$external/24" world eth0 5.5.5.9/24
ip -n "$prefix-host" route add default via 192.168.1.1
in_ns router nft -f - <<'RULES' || exit 1
table inet filter {
  chain forward { type filter hook forward priority 0; policy accept; jump miniupnpd; }
  chain miniupnpd { }
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain prerouting_miniupnpd { }
  chain postrouting { type nat hook postrouting priority 100; jump postrouting_miniupnpd; oifname "wan" masquerade; }
  chain postrouting_miniupnpd { }
}
RULES
in_ns router sysctl -qw net.ipv4.ip_forward=1

# miniupnpd_with KEY=VALUE...
miniupnpd_with() {
  printf '%s\n' ext_ifname=wan listening_ip=lan port=5000 secure_mode=yes system_uptime=yes \
    uuid=12345678-1234-1234-1234-123456789abc "allow 1024-65535 192.168.1.0/24 1024-65535" "deny 0-65535 0.0.0.0/0 0-65535" \
    "upnp_forward_chain=miniupnpd" "upnp_nat_chain=prerouting_miniupnpd" "upnp_nat_postrouting_chain=postrouting_miniupnpd" \
    "upnp_table_name=filter" "upnp_nat_table_name=filter" "$@" >"$work/miniupnpd.conf"
  start router router "$daemon" -d -f "$work/miniupnpd.conf" -P "$work/miniupnpd.pid"
  router_pid=$pid
  local i
  for ((i = 0; i < 100; i++)); do grep -qi listening "$work/router.err" && return; sleep 0.05; done
}
redirects() { in_ns router nft list chain inet filter prerouting_miniupnpd | grep -c 'dnat'; }

none() { [[ $(redirects) == 0 ]]; }

# scene WHAT KEY=VALUE...
scene() {
  miniupnpd_with "${@:2}"
  peer a host "$stile" connect --stdio --ipv4-only --port-mapping
  peer b world "$stile" connect --stdio --ipv4-only --role controlled
  check "$1: the external address is a candidate" await_line a "^{\"local\":.* $external [0-9]* typ srflx" 10
  check_equal "$1: the router has it" 1 "$(redirects)"
  introduce a b
  check "$1: they connect" connected a b
  check "$1: data arrives" converse b a
  check "$1: they end well" dismiss a b
  check "$1: the mapping is given back" within 5 none
  end "$router_pid" TERM
}
scene "UPnP" enable_upnp=yes enable_natpmp=no
scene "PCP" enable_upnp=no enable_natpmp=yes
finish
