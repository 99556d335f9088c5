#include <algorithm>

#include "mdns/wire.hpp"
#include "stile/mdns/message.hpp"

namespace stile::mdns {

namespace {

constexpr std::uint16_t type_any = 255;
constexpr std::uint16_t authoritative_response = 0x8400;  // RFC 6762 §18.2, §18.4
constexpr std::uint16_t cache_flush = 0x8000;             // RFC 6762 §10.2
constexpr std::uint16_t seconds_to_live = 120;            // RFC 6762 §10
constexpr std::uint16_t legacy_seconds_to_live = 10;      // RFC 6762 §6.7
constexpr unsigned max_questions = 16;

void push_name(ByteVector& bytes, std::string_view name) {
  push_label(bytes, name.substr(0, name.size() - suffix.size()));
  push_label(bytes, suffix.substr(1));
  bytes.push_back(0);
}

}  // namespace

Query query_in(Bytes message) {
  constexpr std::uint16_t response_or_opcode = 0xf800;
  Query query;
  if (message.size() < header_size || (load_u16(message.data() + 2) & response_or_opcode) != 0)
    return query;
  query.id = load_u16(message.data());
  query.unicast = true;
  Reader reader(message);
  const unsigned questions = std::min<unsigned>(load_u16(message.data() + 4), max_questions);
  for (unsigned i = 0; i < questions; ++i) {
    const auto name = reader.name();
    const auto type = reader.u16();
    const auto question_class = reader.u16();
    if (!name || !type || !question_class) return {};
    const bool asks_address = *type == type_a || *type == type_aaaa || *type == type_any;
    if (!asks_address || (*question_class & ~unicast_wanted) != class_in || !is_name(*name))
      continue;
    query.unicast = query.unicast && (*question_class & unicast_wanted) != 0;
    if (std::ranges::find(query.names, *name) == query.names.end()) query.names.push_back(*name);
  }
  return query;
}

ByteVector address_response(std::string_view name, const IpAddress& address,
                            std::optional<std::uint16_t> legacy_id) {
  const std::uint16_t type = address.is_v4() ? type_a : type_aaaa;
  ByteVector response;
  push_u16(response, legacy_id.value_or(0));
  push_u16(response, authoritative_response);
  push_u16(response, legacy_id ? 1 : 0);
  push_u16(response, 1);
  push_u16(response, 0);
  push_u16(response, 0);
  if (legacy_id) {
    push_name(response, name);
    push_u16(response, type);
    push_u16(response, class_in);
  }
  push_name(response, name);
  push_u16(response, type);
  push_u16(response, legacy_id ? class_in : class_in | cache_flush);
  push_u16(response, 0);
  push_u16(response, legacy_id ? legacy_seconds_to_live : seconds_to_live);
  const Bytes data = address.wire_bytes();
  push_u16(response, static_cast<std::uint16_t>(data.size()));
  response.insert(response.end(), data.begin(), data.end());
  return response;
}

}  // namespace stile::mdns
