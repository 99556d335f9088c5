#include "nat/packet/tcp.hpp"

namespace stile::nat {

// RFC 9293 §3.1: an option is one byte, or a kind, a length that counts both, and what they say.
Bytes TcpView::option(std::uint8_t kind) const {
  const Bytes all = options();
  for (std::size_t i = 0; i < all.size() && all[i] != tcp_option::end;) {
    if (all[i] == tcp_option::no_operation) {
      ++i;
      continue;
    }
    if (i + 1 >= all.size() || all[i + 1] < 2 || i + all[i + 1] > all.size()) break;
    if (all[i] == kind) return all.subspan(i, all[i + 1]);
    i += all[i + 1];
  }
  return {};
}

}  // namespace stile::nat
