#!/usr/bin/env bash
# What is written about stile-server says what it does: the man page, docs/server.md and the example name each option, and
# what is installed can be used.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
top=$(cd "$here/../.." && pwd)
server=$build/server/stile-server
packaging=$top/server/packaging

# Without dashes.
options() { "$server" --help | grep -o -- '--[a-z][a-z0-9-]*' | sort -u | sed 's/^--//'; }
keys() { options | grep -vxE 'help|version|config|check-config|import-coturn|no-.*'; }
# each_of LIST WHERE: each word of the list is in the text.
each_of() {
  local word status=0
  for word in $1; do
    grep -qF -- "$(printf "$3" "$word")" "$2" || { echo "$2 lacks $word"; status=1; }
  done
  return $status
}
man_names() { each_of "$(options)" "$packaging/stile-server.8" 'Fl -%s'; }
manual_names() { each_of "$(options | grep -vxE 'help|version|no-.*')" "$top/docs/server.md" '`--%s'; }
example_names() { each_of "$(keys)" "$packaging/stile-server.toml" '%s = '; }
example_keys() { sed -nE 's/^(# )?([a-z][a-z-]*) = .*/\2/p' "$packaging/stile-server.toml" | sort -u; }
all_known() { [[ -z $(comm -23 <(example_keys) <(keys)) ]] || { comm -23 <(example_keys) <(keys); return 1; }; }
accepted() { [[ $("$server" --check-config --config "$1") == ok ]]; }

check "there are options" test "$(options | wc -l)" -gt 30
check "the man page names each" man_names
check "docs/server.md names each" manual_names
check "the example names each key" example_names
check "and no other" all_known
check "it can be used" accepted "$packaging/stile-server.toml"
check "--version" grep -qxE 'stile-server [0-9]+\.[0-9]+\.[0-9]+' <("$server" --version)

installed=$work/root/opt/stile
check "installs" env DESTDIR="$work/root" cmake --install "$build" --component programs --prefix /opt/stile
for file in bin/stile-server bin/stile-nat bin/stile share/man/man8/stile-server.8 lib/systemd/system/stile-server.service; do
  check "$file" test -s "$installed/$file"
done
check "the unit starts what is installed" grep -qx 'ExecStart=/opt/stile/bin/stile-server --config .*' \
  "$installed/lib/systemd/system/stile-server.service"
check "what is installed runs" accepted "$(find "$installed/share/doc" -name stile-server.toml)"
finish
