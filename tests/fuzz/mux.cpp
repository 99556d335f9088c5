// Bytes -> agents that come and go on a shared port, what they send, and what comes. What must
// hold: nobody gets what is for an agent that is gone, and tables keep their limits (which the
// sanitizers see by memory).

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "stile/ice/mux.hpp"

using namespace stile;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest(data, size);
  const auto u8 = [&] {
    if (rest.empty()) return std::uint8_t{0};
    const std::uint8_t byte = rest.front();
    rest = rest.subspan(1);
    return byte;
  };
  ice::Mux mux({.owners = 4, .transactions = 8, .addresses_of_owner = 2});
  std::set<ice::Mux::Owner> present;
  Instant now{};
  while (!rest.empty()) {
    const std::uint8_t choice = u8();
    const ice::Mux::Owner owner = choice >> 5;
    const TransportAddress peer{IpAddress::v4(192, 0, 2, u8()), 1};
    const Bytes bytes = rest.first(std::min<std::size_t>(u8(), rest.size()));
    switch (choice % 5) {
      case 0:
        if (mux.add(owner, as_text(bytes))) present.insert(owner);
        break;
      case 1:
        mux.remove(owner);
        present.erase(owner);
        break;
      case 2:
        mux.note_sent(now, owner, peer, bytes);
        break;
      case 3:
        now += std::chrono::seconds(bytes.size());
        break;
      case 4:
        if (const auto found = mux.owner_of(peer, bytes); found && !present.contains(*found)) {
          std::fputs("broken: a datagram for an agent that is gone\n", stderr);
          std::abort();
        }
        break;
    }
    if (mux.size() != present.size() || mux.size() > 4) std::abort();
    rest = rest.subspan(std::min(bytes.size(), rest.size()));
  }
  return 0;
}
