#pragma once

#include <cstdio>
#include <cstdlib>

namespace stile::fuzz {

/// Ends the run where what must hold does not: the fuzzer keeps the input that led there.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace stile::fuzz
