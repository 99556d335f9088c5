#!/usr/bin/env bash
# What an ICE session costs, and how long it takes to connect: on the simulator's virtual clock, and over a real link
# beside libnice and aioice (ice_link.sh); what ten thousand sessions at one port cost that only keep consent.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${STILE_BUILD:-$here/../../build}

json='' only=simulated,port,link link=()
usage() {
  echo "usage: ice.sh [--sessions N] [--only PART[,PART...]] [--json]"
  echo "  sessions of ours over the link, for each rate of loss [60]; parts: simulated, port, link"
}
while (($#)); do
  case $1 in
    --sessions) link+=(--sessions "${2:?--sessions takes a number}") && shift 2 ;;
    --only) only=${2:?--only takes names of parts} && shift 2 ;;
    --json) json=--json && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
measures() { [[ ,$only, == *,$1,* ]]; }
{
  if measures simulated; then "$build/tests/bench_ice"; fi
  if measures port; then "$build/tests/bench_ice_port"; fi
  if measures link; then "$here/ice_link.sh" "${link[@]}"; fi
} | python3 "$here/ice_table.py" $json
