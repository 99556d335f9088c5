#!/usr/bin/env bash
# debian_sysroot.sh ARCHITECTURE FOLDER PACKAGE...: the packages of this machine's Debian for another architecture, with all
# that they depend on, unpacked into a folder. Nothing is installed.
set -euo pipefail
architecture=$1 folder=$2
[[ -f $folder/complete ]] && exit
mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
folder=$(cd "$folder" && pwd)
: >"$folder/apt/status"
options=(-q -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o "Dir::State=$folder/apt" -o "Dir::State::lists=$folder/apt/lists"
  -o "Dir::State::status=$folder/apt/status" -o "Dir::Cache=$folder/apt" -o "Dir::Cache::archives=$folder/apt/archives"
  -o Debug::NoLocking=true -o APT::Install-Recommends=false -o APT::Sandbox::User=)
apt-get "${options[@]}" update >"$folder/apt/log"
apt-get "${options[@]}" install --yes --download-only "${@:3}" >>"$folder/apt/log"
for package in "$folder"/apt/archives/*.deb; do dpkg-deb -x "$package" "$folder"; done
rm -r "$folder/apt"
touch "$folder/complete"
