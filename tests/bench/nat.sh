#!/usr/bin/env bash
# What a NAT costs: the core by itself (nat_core.cpp), then packets/s through stile-nat beside the kernel's masquerade, in
# turns, flooded with UDP of 200 B, and what one TCP connection carries. Machines are noisy: only the ratios of one run count.
#
#   home 10.98.0.2 (the flood, on core 1) ---- 10.98.0.1 router 10.97.0.1 ---- 10.97.0.2 world, which counts
#
# Stile's router works on core 0. The kernel's works on core 0, too (receive packet steering), or where the sender is.
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

rounds=3 seconds=2 flows=100 json='' only=''
usage() {
  echo "usage: nat.sh [--rounds N] [--seconds N] [--only core|shell] [--json]"
  echo "  rounds of everything [$rounds]; seconds of each flood [$seconds]"
}
while (($#)); do
  case $1 in
    --rounds | --seconds)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "nat.sh: $1 takes a whole number above 0" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    --only)
      [[ ${2:-} == core || ${2:-} == shell ]] || { echo "nat.sh: --only takes core or shell" >&2; exit 2; }
      only=$2 && shift 2
      ;;
    --json) json=--json && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
for tool in taskset nft python3; do
  command -v "$tool" >/dev/null || { echo "nat.sh: $tool is missing; apt-get install nftables util-linux python3" >&2; exit 1; }
done

# run_core: a million flows at a time, some 20 s for each round.
run_core() { timeout $((rounds * 120)) taskset -c 0 "$build/tests/bench_nat_core" "$rounds" >>"$work/figures" || exit 1; }

network() {
  need_namespaces
  (($(nproc) >= 2)) || { echo "nat.sh: needs two cores, one for the NAT and one for the load" >&2; exit 1; }
  namespace home router world
  join home eth0 10.98.0.2/24 router lan 10.98.0.1/24
  join router wan 10.97.0.1/24 world eth0 10.97.0.2/24
  ip -n "$prefix-home" route add default via 10.98.0.1
  # What arrives is counted by the interface and goes no further.
  in_ns world nft -f - <<<'table ip sink {
    chain arriving { type filter hook prerouting priority raw; udp dport 9 drop; }
  }' || exit 1
}

# flood WHO: packets/s that arrive while a load is under way for some seconds.
received() { in_ns world cat /sys/class/net/eth0/statistics/rx_packets; }
flood() {
  local before sent
  in_ns home ping -c 2 -i 0.2 -W 2 -q 10.97.0.2 >/dev/null || { echo "nat.sh: nothing passes through $1" >&2; exit 1; }
  before=$(received)
  sent=$(in_ns home timeout $((seconds + 10)) taskset -c 1 "$build/tests/bench_nat_flood" 10.97.0.2 9 "$flows" 200 "$seconds") || exit 1
  echo "{\"figure\":\"packets_$1\",\"value\":$((($(received) - before) / seconds)),\"sent\":$((sent / seconds))}" >>"$work/figures"
}

# bulk WHO: Mbit/s of one TCP connection; its ends run where the system has them run.
bulk() {
  start taker world python3 "$here/../bench/tcp_bulk.py" take 10.97.0.2 5000
  local taker=$pid
  await_line taker ready || exit 1
  in_ns home timeout $((seconds + 30)) python3 "$here/../bench/tcp_bulk.py" give 10.97.0.2 5000 "$seconds" || exit 1
  await_end "$taker" 20 || exit 1
  echo "{\"figure\":\"tcp_$1\",\"value\":$(tail -n 1 "$work/taker.out")}" >>"$work/figures"
}

# through_stile FIGURE PACKETS
through_stile() {
  start nat router taskset -c 0 "$build/nat/stile-nat" --inside lan --outside wan --packets "$2"
  local nat=$pid
  await_line nat ready || exit 1
  flood "$1"
  bulk "$1"
  end "$nat" TERM
}

# through_kernel NAME CPUS: forwarding on these CPUs (a mask), 0: where the packet was sent.
through_kernel() {
  in_ns router sysctl -qw net.ipv4.ip_forward=1
  in_ns router nft -f - <<<'table ip rival {
    chain leaving { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
  }' || exit 1
  in_ns router sh -c "echo $2 >/sys/class/net/lan/queues/rx-0/rps_cpus" || exit 1
  flood "$1"
  [[ $1 == kernel ]] && bulk "$1"
  in_ns router sh -c 'echo 0 >/sys/class/net/lan/queues/rx-0/rps_cpus'
  in_ns router nft delete table ip rival
  in_ns router sysctl -qw net.ipv4.ip_forward=0
}

run_shell() {
  network
  for ((round = 0; round < rounds; round++)); do
    through_stile stile auto
    through_stile stile_xdp xdp
    through_kernel kernel 0
    through_kernel kernel_apart 1
  done
}

[[ $only == shell ]] || run_core
[[ $only == core ]] || run_shell
python3 "$here/../bench/nat_table.py" $json <"$work/figures"
