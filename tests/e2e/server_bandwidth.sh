#!/usr/bin/env bash
# Limits of bandwidth: of an allocation, of a user, and of all together.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$here/operation.bash"

for workers in 1 2; do
  serve --threads "$workers" --max-bps 40000
  check "$workers: an allocation has its own" scenario bandwidth --rate 40000
  end "$server" TERM
  for flag in --user-max-bps --total-max-bps; do
    serve --threads "$workers" "$flag" 40000
    check "$workers: $flag is shared" scenario bandwidth --rate 40000 --shared
    end "$server" TERM
  done
done
serve --max-bps 200000
check "a TCP connection is read no faster, and loses nothing" scenario bandwidth-tcp --rate 200000
end "$server" TERM
finish
