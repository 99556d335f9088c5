#include "stile/mdns/message.hpp"

#include <algorithm>

#include "mdns/wire.hpp"

namespace stile::mdns {

namespace {

std::optional<IpAddress> address_of(std::uint16_t type, Bytes data) {
  if ((type == type_a && data.size() == 4) || (type == type_aaaa && data.size() == 16))
    return IpAddress::from_bytes(data);
  return std::nullopt;
}

}  // namespace

bool is_name(std::string_view host) {
  if (host.size() <= suffix.size() || host.size() > longest_label + suffix.size()) return false;
  const std::string_view label = host.substr(0, host.size() - suffix.size());
  const bool ends_right = std::ranges::equal(host.substr(label.size()), suffix, {}, lower);
  return ends_right && std::ranges::all_of(label, [](char c) {
           return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

ByteVector address_query(std::uint16_t id, std::string_view name) {
  ByteVector query;
  push_u16(query, id);
  push_u16(query, 0);  // a standard query
  push_u16(query, 2);  // two questions
  for (int i = 0; i < 3; ++i) push_u16(query, 0);
  push_question(query, name, type_a);
  push_question(query, name, type_aaaa);
  return query;
}

// RFC 6762 §18: QR is set, OPCODE and RCODE are 0.
std::vector<IpAddress> addresses_in(Bytes response, std::string_view name) {
  constexpr std::uint16_t is_response = 0x8000;
  constexpr std::uint16_t opcode_and_rcode = 0x780f;
  if (response.size() < header_size) return {};
  const std::uint16_t flags = load_u16(response.data() + 2);
  if (!(flags & is_response) || flags & opcode_and_rcode) return {};
  const unsigned questions = load_u16(response.data() + 4);
  const unsigned records = load_u16(response.data() + 6) + 0u + load_u16(response.data() + 8) +
                           load_u16(response.data() + 10);

  std::vector<IpAddress> found;
  Reader reader(response);
  for (unsigned i = 0; i < questions; ++i)
    if (!reader.name() || !reader.bytes(4)) return {};
  for (unsigned i = 0; i < records; ++i) {
    const auto owner = reader.name();
    const auto type = reader.u16();
    const auto record_class_and_ttl = reader.bytes(6);
    const auto length = reader.u16();
    const auto data = length ? reader.bytes(*length) : std::nullopt;
    if (!owner || !type || !record_class_and_ttl || !data) return {};
    const auto address = address_of(*type, *data);
    if (address && std::ranges::equal(*owner, name, {}, {}, lower)) found.push_back(*address);
  }
  return found;
}

}  // namespace stile::mdns
