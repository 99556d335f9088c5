#!/usr/bin/env bash
# What a relayed packet costs: CPU microseconds per leg of stile-server beside coturn's server, in turns, under the same
# load of coturn's client. A leg is one datagram through the server in one direction. Machines are noisy: the ratio counts.
#
#   client 10.99.0.1 (the echoing peer, too), on core 1 ---- server 10.99.0.2, on core 0
source "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

rounds=5 messages=4000 clients=50 bytes=200 json=
usage() {
  echo "usage: relay.sh [--rounds N] [--messages N] [--clients N] [--bytes N] [--json]"
  echo "  rounds of both servers [$rounds]; messages of each client [$messages]; clients [$clients]; bytes of each message [$bytes]"
}
while (($#)); do
  case $1 in
    --rounds | --messages | --clients | --bytes)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "relay.sh: $1 takes a whole number above 0" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    --json) json=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
for tool in turnserver turnutils_uclient turnutils_peer taskset; do
  command -v "$tool" >/dev/null || { echo "relay.sh: $tool is missing; apt-get install coturn util-linux" >&2; exit 1; }
done
(($(nproc) >= 2)) || { echo "relay.sh: needs two cores, one for the server and one for the load" >&2; exit 1; }
need_namespaces

namespace client server
join client eth0 10.99.0.1/24 server eth0 10.99.0.2/24
start peer client taskset -c 1 turnutils_peer -L 10.99.0.1 -p 3480

stile_server=("$build/server/stile-server" --listen 10.99.0.2:3478 --relay-address 10.99.0.2 --realm test.org --threads 1
  --user user:pass --allow-peer 10.99.0.0/24)
coturn_server=(turnserver -n -L 10.99.0.2 -E 10.99.0.2 -u user:pass -r test.org --lt-cred-mech --no-cli --no-tls --no-dtls
  -m 1 --log-file=/dev/null --pidfile "$work/coturn.pid" --min-port 20000 --max-port 60000)

# cpu_ticks PID: user and system time of the process; the name before them may have blanks.
cpu_ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
await_server() {
  local i
  for ((i = 0; i < 100; i++)); do
    in_ns client timeout 1 turnutils_stunclient 10.99.0.2 2>/dev/null | grep -q 'reflexive addr' && return
    sleep 0.05
  done
  echo "relay.sh: $1 does not start:" >&2
  tail -n 20 "$work/$1.out" "$work/$1.err" >&2
  exit 1
}

# measure NAME COMMAND...: one round of a server; a line `NAME microseconds-per-leg messages-that-came-back`.
measure() {
  local name=$1 server before after got
  start "$name" server taskset -c 0 "${@:2}"
  server=$pid
  await_server "$name"
  before=$(cpu_ticks "$server")
  in_ns client timeout 300 taskset -c 1 turnutils_uclient -u user -w pass -e 10.99.0.1 -r 3480 -m "$clients" -n "$messages" \
    -l "$bytes" -z 1 -c 10.99.0.2 >"$work/load" 2>&1
  after=$(cpu_ticks "$server") || { echo "relay.sh: $name has ended under the load" >&2; exit 1; }
  end "$server" TERM
  got=$(grep -o 'tot_recv_msgs=[0-9]*' "$work/load" | tail -n 1 | cut -d= -f2)
  ((${got:-0} > 0)) || { echo "relay.sh: nothing came back through $name:" >&2; tail -n 5 "$work/load" >&2; exit 1; }
  awk -v name="$name" -v ticks=$((after - before)) -v got="$got" -v rate="$(getconf CLK_TCK)" \
    'BEGIN { printf "%s %.3f %d\n", name, ticks / rate / (2 * got) * 1e6, got }' >>"$work/figures"
}

# The rounds as a table or as one JSON object, then the medians and their ratio.
report() {
  awk -v json="$json" -v want=$((clients * messages)) -v options="$rounds $messages $clients $bytes" '
    function median(of, count,   i, j, swap) {
      for (i = 2; i <= count; i++)
        for (j = i; j > 1 && of[j] < of[j - 1]; j--) { swap = of[j]; of[j] = of[j - 1]; of[j - 1] = swap }
      return count % 2 ? of[(count + 1) / 2] : (of[count / 2] + of[count / 2 + 1]) / 2
    }
    $1 == "stile" { stile[++rounds] = $2; lost["stile"] += want - $3; ours = $0 }
    $1 == "coturn" {
      coturn[rounds] = $2; lost["coturn"] += want - $3
      split(ours, mine)
      if (!json && rounds == 1) printf "%-8s %12s %12s %8s\n", "round", "stile us/leg", "coturn us/leg", "ratio"
      if (!json) printf "%-8d %12.2f %12.2f %8.2f\n", rounds, mine[2], $2, mine[2] / $2
    }
    END {
      split(options, given)
      a = median(stile, rounds); b = median(coturn, rounds)
      if (json)
        printf "{\"rounds\":%d,\"messages\":%d,\"clients\":%d,\"bytes\":%d,\"stile_us_per_leg\":%.3f,\"coturn_us_per_leg\":%.3f,\"ratio\":%.3f,\"stile_lost\":%d,\"coturn_lost\":%d}\n",
          given[1], given[2], given[3], given[4], a, b, a / b, lost["stile"], lost["coturn"]
      else
        printf "%-8s %12.2f %12.2f %8.2f\nmessages lost: stile %d, coturn %d, of %d each\n", "median", a, b, a / b,
          lost["stile"], lost["coturn"], want * rounds
    }' "$work/figures"
}

for ((round = 0; round < rounds; round++)); do
  measure stile "${stile_server[@]}"
  measure coturn "${coturn_server[@]}"
done
report
