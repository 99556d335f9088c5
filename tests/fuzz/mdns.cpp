// Bytes -> mDNS messages, as queries and as responses. A query that was understood can be answered,
// and the answer is understood.

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "stile/mdns/message.hpp"

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stile;
  const Bytes message(data, size);
  const mdns::Query query = mdns::query_in(message);
  require(query.names.size() <= 16, "names are limited");
  const IpAddress address = IpAddress::v4(192, 0, 2, 1);
  for (const std::string& name : query.names) {
    require(mdns::is_name(name), "a name is one");
    const auto found = mdns::addresses_in(mdns::address_response(name, address, query.id), name);
    require(found == std::vector{address}, "an answer is understood");
  }
  mdns::addresses_in(message, "a.local");
  return 0;
}
