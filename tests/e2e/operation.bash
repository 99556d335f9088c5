# Sourced by the tests of what an operator does: a server, a client with the addresses of its peers, and the scenarios.
# shellcheck shell=bash
need_namespaces
command -v openssl >/dev/null || { echo "skipped: openssl is not installed"; exit 77; }

#   client 203.0.113.2, peers .3 and .4 -- srv 203.0.113.10
namespace client srv
join client eth0 203.0.113.2/24 srv eth0 203.0.113.10/24
for host in 3 4; do ip -n "$prefix-client" address add "203.0.113.$host/24" dev eth0; done

# certificate NAME: NAME_cert.pem and NAME_key.pem.
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
    -keyout "$work/$1_key.pem" -out "$work/$1_cert.pem" 2>/dev/null
}

scenario() {
  in_ns client timeout 100 "${PYTHON:-python3}" "$here/server_operation.py" "$1" --server 203.0.113.10:3478 \
    --tls 203.0.113.10:5349 --peer-hosts 203.0.113.3,203.0.113.4 --pid "${server:-0}" --config "$work/relay.toml" \
    --log "$work/server.err" "${@:2}"
}

# serve OPTIONS...: a server with the user alice.
serve() {
  start server srv "$build/server/stile-server" --listen 203.0.113.10:3478 --realm test --user alice:pass \
    --allow-peer 203.0.113.0/24 "$@"
  server=$pid
  await_line server '"ready":true'
}
