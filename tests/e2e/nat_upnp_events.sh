#!/usr/bin/env bash
# Hosts subscribe to the events of stile-nat's UPnP device, and get those that are theirs.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/nat_net.bash"
need_namespaces
nat_network
subscriber=("${PYTHON:-python3}" "$here/upnp_subscriber.py")
ask_upnp() { in_ns "$1" "${subscriber[@]}" ask "${@:2}"; }
# subscribe HOST CALLBACK [FIELD=VALUE...]: the status, the SID, the duration.
subscribe() { ask_upnp "$1" SUBSCRIBE "${service:-/event/connection}" NT=upnp:event "CALLBACK=<$2>" "${@:3}"; }
sid_of() { cut -d' ' -f2 <<<"$1"; }
statistic() { ctl stats | sed -n "s/^upnp\.$1 *//p"; }
is_statistic() { [[ $(statistic "$1") == "$2" ]]; }
statistic_reaches() { (($(statistic "$1") >= $2)); }
# A PCP mapping counts as a UPnP one does.
map() { in_ns one "${PYTHON:-python3}" "$here/pcp_ask.py" map --internal "$1" --suggest "203.0.113.1:$1" --lifetime "$2"; }

for host in one two; do
  own=10.1.0.$([[ $host == one ]] && echo 2 || echo 3)
  start "$host" "$host" "${subscriber[@]}" listen --at "$own:5000" --seconds 200
  await_line "$host" ready
done
start deaf two "${subscriber[@]}" hang --at 10.1.0.3:5001 --seconds 200
await_line deaf ready

check "starts" start_nat --upnp --upnp-port 49000 --pcp-min-lifetime 1s
first=$(subscribe one http://10.1.0.2:5000/a TIMEOUT=Second-300)
check "a host subscribes" grep -qE '^200 uuid:[0-9a-f-]{36} Second-300$' <<<"$first"
check "and is told of all variables" await_line one \
  '^/a 0 PossibleConnectionTypes=IP_Routed ConnectionStatus=Connected ExternalIPAddress=203.0.113.1 PortMappingNumberOfEntries=0$'
second=$(subscribe two http://10.1.0.3:5000/b TIMEOUT=Second-infinite)
check "another host, for as long as it can" grep -qE '^200 uuid:[0-9a-f-]{36} Second-1800$' <<<"$second"
check "has its own initial event" await_line two '^/b 0 .*PortMappingNumberOfEntries=0$'
link=$(service=/event/common subscribe one http://10.1.0.2:5000/link)
check "the link's service has subscribers, too" grep -q '^200 ' <<<"$link"
check "they are told of the link" await_line one '^/link 0 PhysicalLinkStatus=Up$'

map 6000 4 >/dev/null
check "a mapping is told to one" await_line one '^/a 1 PortMappingNumberOfEntries=1$'
check "and to the other" await_line two '^/b 1 PortMappingNumberOfEntries=1$'
check "its end, too, when nobody does anything" await_line one '^/a 2 PortMappingNumberOfEntries=0$' 20
check "and that" await_line two '^/b 2 PortMappingNumberOfEntries=0$' 20
check_not "who has subscribed to something else hears nothing of it" grep -q '^/link 1' "$work/one.out"

sid=$(sid_of "$first")
check_equal "a subscription is renewed" "200 $sid Second-1800" "$(ask_upnp one SUBSCRIBE /event/connection "SID=$sid")"
check_equal "not by another host" 412 "$(ask_upnp two SUBSCRIBE /event/connection "SID=$sid")"
check_equal "who does not end it, either" 412 "$(ask_upnp two UNSUBSCRIBE /event/connection "SID=$sid")"
check_equal "its host ends it" 200 "$(ask_upnp one UNSUBSCRIBE /event/connection "SID=$sid")"
check_equal "once" 412 "$(ask_upnp one UNSUBSCRIBE /event/connection "SID=$sid")"
map 6001 600 >/dev/null
check "who has a subscription hears more" await_line two '^/b 3 PortMappingNumberOfEntries=1$'
check_not "who has none does not" grep -q '^/a 3' "$work/one.out"

check_equal "events for another host" 412 "$(subscribe one http://10.1.0.3:5000/c)"
check_equal "for a stranger" 412 "$(subscribe one http://203.0.113.9:80/)"
check_equal "for a name" 412 "$(subscribe one http://localhost:5000/)"
check_equal "fields that contradict one another" 400 "$(subscribe one http://10.1.0.2:5000/c "SID=$sid")"
check_equal "no notification type" 412 "$(ask_upnp one SUBSCRIBE /event/connection 'CALLBACK=<http://10.1.0.2:5000/c>')"
ip -n "$prefix-srv" route add 10.1.0.0/24 via 203.0.113.1
for address in 203.0.113.1 10.1.0.1; do
  check_equal "from outside, at $address" timeout \
    "$(ask_upnp srv SUBSCRIBE /event/connection NT=upnp:event 'CALLBACK=<http://203.0.113.9/>' --to "$address:49000" --seconds 1)"
done

for path in 1 2 3; do subscribe two "http://10.1.0.3:5001/$path" >/dev/null; done
check_equal "a host's fifth subscription" 503 "$(subscribe two http://10.1.0.3:5000/c)"
check "who does not answer is connected with" await_line deaf connected
subscribe one http://10.1.0.2:9/ >/dev/null
map 6002 600 >/dev/null
check "and keeps nobody from his event, nor does who refuses it" await_line two '^/b 4 PortMappingNumberOfEntries=2$'
check "what they did not take is counted" within 20 statistic_reaches events_lost 8
subscriptions=$(statistic subscriptions)
subscribe one http://10.1.0.2:5000/unknown >/dev/null
check "a subscriber that knows of no subscription" await_line one '^/unknown 0 '
check "has none any more" within 5 is_statistic subscriptions "$subscriptions"

ip -n "$prefix-nat" address del 203.0.113.1/24 dev wan
check "no way out is told" await_line two '^/b 5 ConnectionStatus=Disconnected ExternalIPAddress= PortMappingNumberOfEntries=0$'
ip -n "$prefix-nat" address add 203.0.113.2/24 dev wan
check "so is the new address" await_line two '^/b 6 ConnectionStatus=Connected ExternalIPAddress=203.0.113.2$'
subscribe two http://10.1.0.3:5001/4 >/dev/null
end_nat
check_equal "it ends, whoever is still being told" 0 $?
finish
