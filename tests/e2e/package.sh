#!/usr/bin/env bash
# The library as it is installed: by pkg-config and C, by find_package and C++, shared and static; each header alone; the examples.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

examples=$here/../../client/examples
prefix_dir=$work/prefix
[[ -e $build/libice/libstile.so ]] || { echo "skipped: $build has no libstile.so"; exit 77; }
check "it installs" cmake --install "$build" --component library --prefix "$prefix_dir"
library=$(dirname "$(find "$prefix_dir" -name libstile.so)")
export PKG_CONFIG_PATH=$library/pkgconfig LD_LIBRARY_PATH=$library

for example in callbacks coroutines own_loop c_poll; do
  check "example $example" timeout 20 "$build/client/example_$example"
done

# Nothing of what it is made of is to be seen, or to clash with what an application has.
check_equal "it shows nothing but stile" "" "$(nm -DC --defined-only "$library/libstile.so" | cut -d' ' -f3- |
  grep -vE '^(stile::|stile_|STILE_0|(typeinfo( name)?|vtable|guard variable|(non-virtual|virtual) thunk) (for|to) stile::)' | head -5)"

read -ra flags <<<"$(pkg-config --cflags --libs stile)"
check "C by pkg-config: compiles" cc -std=c99 -Wall -Wextra -pedantic -Werror "$examples/c_poll.c" -o "$work/c_poll" "${flags[@]}"
check "C by pkg-config: runs" timeout 20 "$work/c_poll"

mkdir "$work/app"
cat >"$work/app/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(app LANGUAGES C CXX)
find_package(stile 0.1 REQUIRED)
add_executable(own_loop $examples/own_loop.cpp)
target_link_libraries(own_loop PRIVATE stile::static)
add_executable(callbacks $examples/callbacks.cpp)
target_link_libraries(callbacks PRIVATE stile::stile)
CMAKE
check "C++ by find_package: configures" cmake -S "$work/app" -B "$work/app/build" -DCMAKE_PREFIX_PATH="$prefix_dir"
check "C++ by find_package: builds" cmake --build "$work/app/build" -j 2
for program in own_loop callbacks; do
  check "C++ by find_package: $program runs" timeout 20 "$work/app/build/$program"
done

# header FILE: it compiles with nothing in front of it. Those of the driver, which take their time with Asio, are in the examples.
header() {
  local language=(-x c++ -std=c++23)
  [[ $1 == *.h ]] && language=(-x c -std=c99)
  echo "#include \"$1\"" | c++ "${language[@]}" -fsyntax-only -Wall -Wextra -I"$prefix_dir/include" - 2>&1 | sed "s|^|$1: |"
}
export -f header
export prefix_dir
check_equal "each header compiles alone" "" \
  "$(cd "$prefix_dir/include" && find stile -name '*.h*' -not -path 'stile/asio/*' -print0 | xargs -0 -P 2 -I{} bash -c 'header {}' | head -20)"
finish
