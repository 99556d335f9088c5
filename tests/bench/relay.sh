#!/usr/bin/env bash
# What a relay costs: stile-server beside coturn's server, in turns, each on one core under the load of bench_load
# (tests/bench/load) and of coturn's own client on the other core. Machines are noisy: only the ratios of one run count.
#
#   client 10.99.0.1 (the peer, too; more networks for Binding), on core 1 ---- server 10.99.0.2, on core 0
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

rounds=3 seconds=3 json='' only='' kernel_relay=auto
cases=(steady client bursts flooded fair delay allocate idle binding)
usage() {
  echo "usage: relay.sh [--rounds N] [--seconds N] [--only CASE[,CASE...]] [--kernel-relay auto|on|off] [--json]"
  echo "  rounds of both servers [$rounds]; seconds of each load [$seconds]; cases: ${cases[*]}"
}
while (($#)); do
  case $1 in
    --rounds | --seconds)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "relay.sh: $1 takes a whole number above 0" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    --kernel-relay) kernel_relay=${2:?--kernel-relay takes auto, on or off} && shift 2 ;;
    --only) only=,${2:?--only takes names of cases}, && shift 2 ;;
    --json) json=--json && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
for tool in turnserver turnutils_uclient turnutils_peer turnutils_stunclient taskset python3; do
  command -v "$tool" >/dev/null || { echo "relay.sh: $tool is missing; apt-get install coturn util-linux python3" >&2; exit 1; }
done
(($(nproc) >= 2)) || { echo "relay.sh: needs two cores, one for the server and one for the load" >&2; exit 1; }
need_namespaces
ulimit -n "$(ulimit -Hn)"

namespace client server
join client eth0 10.99.0.1/16 server eth0 10.99.0.2/16
for ((i = 1; i < 200; i++)); do echo "address add 10.99.$i.1/16 dev eth0"; done | ip -n "$prefix-client" -batch -
start peer client taskset -c 1 turnutils_peer -L 10.99.0.1 -p 3481
echo=$pid

address=10.99.0.2:3478
load=("$build/tests/bench_load" --server "$address" --client 10.99.0.1:0 --peer 10.99.0.1:3480 --user user --password pass
  --seconds "$seconds")
declare -A command=(
  [stile]="$build/server/stile-server --listen $address --relay-address 10.99.0.2 --realm test.org --threads 1
    --user user:pass --user-quota 0 --total-quota 0 --unauthenticated-rate 0 --allow-peer 10.99.0.0/16 --log-level error
    --drain-timeout 0 --kernel-relay $kernel_relay"
  [coturn]="turnserver -n -L 10.99.0.2 -E 10.99.0.2 -u user:pass -r test.org --lt-cred-mech --no-cli --no-tls --no-dtls -m 1
    --log-file=/dev/null --pidfile $work/coturn.pid --min-port 20000 --max-port 60000"
  [forwarder]="${load[*]} forward"
)

await_server() {
  local i
  for ((i = 0; i < 100; i++)); do
    [[ $1 == forwarder ]] && in_ns server ss -Hlun "sport = 3478" | grep -q . && return
    in_ns client timeout 1 turnutils_stunclient 10.99.0.2 2>/dev/null | grep -q 'reflexive addr' && return
    sleep 0.05
  done
  echo "relay.sh: $1 does not start:" >&2
  tail -n 20 "$work/$1.out" "$work/$1.err" >&2
  exit 1
}
on_core_1() { in_ns client timeout 120 taskset -c 1 "$@"; }

# measure CASE SERVER LOAD...: one line of JSON of what the load has to say about a server that was started for it.
measure() {
  local name=$1 who=$2 said
  # shellcheck disable=SC2086
  start "$who" server taskset -c 0 ${command[$who]}
  server=$pid
  await_server "$who"
  said=$("${@:3}") || { echo "relay.sh: $name of $who has failed" >&2; exit 1; }
  end "$server" TERM
  echo "{\"case\":\"$name\",\"server\":\"$who\",\"said\":$said}" >>"$work/figures"
}
load() { on_core_1 "${load[@]}" --pid "$server" "$@"; }

# coturn's own client, which echoes at a peer: 50 clients, 4000 messages of 200 bytes each.
cpu_nanoseconds() { awk '{ sum += $1 } END { printf "%.0f", sum }' $(printf '/proc/%s/task/*/schedstat ' "$@"); }
load_of_coturns_client() {
  local before after legs client_seconds TIMEFORMAT='%U %S'
  before=("$(cpu_nanoseconds "$server")" "$(cpu_nanoseconds "$echo")")
  client_seconds=$({ time on_core_1 turnutils_uclient -u user -w pass -e 10.99.0.1 -r 3481 -m 50 -n 4000 -l 200 -z 1 -c 10.99.0.2 \
    >"$work/uclient" 2>&1; } 2>&1)
  after=("$(cpu_nanoseconds "$server")" "$(cpu_nanoseconds "$echo")")
  legs=$(($(grep -o 'tot_recv_msgs=[0-9]*' "$work/uclient" | tail -n 1 | cut -d= -f2) * 2))
  ((legs > 0)) && awk -v legs="$legs" -v server="$((after[0] - before[0]))" -v echo="$((after[1] - before[1]))" \
    -v client="$client_seconds" 'BEGIN { split(client, part, " "); seconds = part[1] + part[2]
      printf "{\"legs\":%d,\"sent\":400000,\"cpu_us\":%.3f,\"whole_us\":%.3f}\n", legs, server / 1000 / legs,
        (server + echo) / 1000 / legs + seconds * 1e6 / legs }'
}

# alone CASE OPTIONS...: the load without a server.
alone() { echo "{\"case\":\"$1\",\"server\":\"load\",\"said\":$(server=0 load "${@:2}" direct)}" >>"$work/figures"; }

half_of_maximum=60000
# As a network card hands them on that has joined them (GRO); one by one the load is at its end before the server is.
flood=(--rate 0 --burst 8 --joined)
each_round() {
  case $1 in
    steady)
      for who in stile coturn; do measure steady $who load --rate 50000 relay; done
      measure steady forwarder load --rate 50000 forwarded
      alone steady --rate 50000
      ;;
    client) for who in stile coturn; do measure client $who load_of_coturns_client; done ;;
    bursts)
      # 16 datagrams for each client and each peer every 33 ms.
      for who in stile coturn; do measure bursts $who load --rate 48485 --burst 16 --bytes 1100 --joined relay; done
      measure bursts forwarder load --rate 48485 --burst 16 --bytes 1100 --joined forwarded
      alone bursts --rate 48485 --burst 16 --bytes 1100 --joined
      ;;
    flooded)
      for who in stile coturn; do measure flooded $who load "${flood[@]}" relay; done
      measure flooded forwarder load "${flood[@]}" forwarded
      alone flooded "${flood[@]}"
      half_of_maximum=$(python3 "$here/../bench/relay_table.py" --half-of-maximum <"$work/figures")
      ;;
    fair) for who in stile coturn; do measure fair $who load --rate 20000 --flooder --joined relay; done ;;
    delay) for who in stile coturn; do measure delay $who load --rate "$half_of_maximum" relay; done ;;
    allocate) for who in stile coturn; do measure allocate $who load --count 1000 allocate; done ;;
    idle) for who in stile coturn; do measure idle $who load --count 2000 idle; done ;;
    binding) for who in stile coturn; do measure binding $who load --count 200 binding; done ;;
  esac
}
for ((round = 0; round < rounds; round++)); do
  for case in "${cases[@]}"; do
    [[ -z $only || $only == *,$case,* ]] && each_round "$case"
  done
done
python3 "$here/../bench/relay_table.py" $json <"$work/figures"
