#!/usr/bin/env bash
# How long until both peers have heard the other, of stile, libnice and aioice, over one real link of 50 ms round trip that
# loses packets: peers in two network namespaces, with a stile-nat between them that translates nothing, delays and loses.
# One JSON object a line.
#
#   a 10.98.1.2 ---- link ---- b 10.98.2.2
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

sessions=60 of_others=20 losses=(0 5 10 25 50) only=(stile libnice aioice) at_once=10
while (($#)); do
  case $1 in
    --sessions | --of-others | --at-once)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "ice_link.sh: $1 takes a whole number above 0" >&2; exit 2; }
      name=${1#--} && declare "${name//-/_}=$2" && shift 2
      ;;
    --who) read -ra only <<<"${2//,/ }" && shift 2 ;;
    --loss) read -ra losses <<<"${2//,/ }" && shift 2 ;;
    *) echo "usage: ice_link.sh [--sessions N] [--of-others N] [--at-once N] [--loss PERCENT,...] [--who NAME,...]" >&2 && exit 2 ;;
  esac
done
need_namespaces
/usr/bin/python3 -c 'import gi; gi.require_version("Nice", "0.1"); import aioice' ||
  { echo "ice_link.sh: apt-get install gir1.2-nice-0.1 python3-gi python3-aioice" >&2; exit 1; }

namespace a link b
join a eth0 10.98.1.2/24 link to-a 10.98.1.1/24
join b eth0 10.98.2.2/24 link to-b 10.98.2.1/24
ip -n "$prefix-a" route add default via 10.98.1.1
ip -n "$prefix-b" route add default via 10.98.2.1
for loss in "${losses[@]}"; do
  start link link "$build/nat/stile-nat" --inside to-a --outside to-b --no-nat 10.98.2.0/24 --delay 25ms --loss "$loss%" \
    --control "@$prefix"
  link=$pid
  await_line link '"ready":true' || exit 1
  for kind in "${only[@]}"; do
    count=$of_others
    [[ $kind == stile ]] && count=$sessions
    said=$(python3 "$here/../bench/ice_sessions.py" --kind "$kind" --a "$prefix-a=10.98.1.2" --b "$prefix-b=10.98.2.2" \
      --sessions "$count" --at-once "$at_once" --stile "$build/client/stile" --peers "$here/../interop") || exit 1
    echo "{\"figure\":\"link\",\"who\":\"$kind\",\"loss\":$loss,${said#\{}"
  done
  end "$link" TERM
done
