#!/usr/bin/env bash
# SIGHUP: what has changed in the configuration file counts from then on, and clients that it does not concern notice nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/operation.bash"

certificate first
certificate other
mv "$work/first_cert.pem" "$work/cert.pem"
mv "$work/first_key.pem" "$work/key.pem"
add_user() { "$build/server/stile-server" user add --users "$work/users.db" --realm test "$1" <<<pass; }
add_user someone

scenario first-config
start server srv "$build/server/stile-server" --config "$work/relay.toml"
server=$pid
check "starts" await_line server '"ready":true'
check "peers: what is denied now ends, all else goes on" scenario reload-peers
check "clients: those that are denied now are cut off" scenario reload-clients
check "users: a new one is served, a former one refused" scenario reload-users
check "a bad file changes nothing and is told in one line" scenario reload-errors
check "what takes a restart is told" scenario reload-restart
check "another certificate" scenario reload-certificate
check "another level of the log" scenario reload-log
add_user stored
check "a user who is added to the SQLite file is served" scenario is-known
"$build/server/stile-server" user del --users "$work/users.db" --realm test stored
check "one who is taken out of it is not" scenario is-unknown
check "it still runs" kill -0 "$server"
end "$server" TERM
check_equal "it ends well" 0 $?
finish
