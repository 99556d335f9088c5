#!/usr/bin/env bash
# windows_sysroot.sh FOLDER: what libice needs to be compiled for Windows and linked, of packages for this machine: Boost's
# headers, and those of OpenSSL with import libraries that name what OpenSSL exports. Debian has no OpenSSL for Windows; who
# runs the library there brings libcrypto-3-x64.dll and libssl-3-x64.dll.
set -euo pipefail
folder=$1
[[ -f $folder/complete ]] && exit
libraries=/usr/lib/$(gcc -print-multiarch)
mkdir -p "$folder/include/openssl" "$folder/lib"
ln -sfn /usr/include/boost "$folder/include/boost"
cp /usr/include/openssl/*.h "/usr/include/$(gcc -print-multiarch)/openssl/"*.h "$folder/include/openssl/"
for name in crypto ssl; do
  { echo EXPORTS; nm -D --defined-only "$libraries/lib$name.so.3" | awk '$2 == "T" {sub(/@.*/, "", $3); print $3}'; } >"$folder/lib/$name.def"
  x86_64-w64-mingw32-dlltool -d "$folder/lib/$name.def" -D "lib$name-3-x64.dll" -l "$folder/lib/lib$name.dll.a"
done
touch "$folder/complete"
