#include "stile/mdns/message.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace stile::mdns {

namespace {

constexpr std::size_t header_size = 12;  // RFC 1035 §4.1.1
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_label = 63;
constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_aaaa = 28;
constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t unicast_wanted = 0x8000;  // RFC 6762 §5.4
constexpr std::string_view suffix = ".local";

void push_u16(ByteVector& bytes, std::uint16_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void push_label(ByteVector& bytes, std::string_view label) {
  bytes.push_back(static_cast<std::uint8_t>(label.size()));
  bytes.insert(bytes.end(), label.begin(), label.end());
}

void push_question(ByteVector& bytes, std::string_view name, std::uint16_t type) {
  push_label(bytes, name.substr(0, name.size() - suffix.size()));
  push_label(bytes, suffix.substr(1));
  bytes.push_back(0);
  push_u16(bytes, type);
  push_u16(bytes, class_in | unicast_wanted);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Reads a message from front to back; what it gave is nothing once it has come to a part that is
/// not there.
class Reader {
 public:
  explicit Reader(Bytes message) : message_(message) {}

  std::optional<std::uint16_t> u16() {
    if (message_.size() - at_ < 2) return std::nullopt;
    at_ += 2;
    return load_u16(message_.data() + at_ - 2);
  }
  std::optional<Bytes> bytes(std::size_t count) {
    if (message_.size() - at_ < count) return std::nullopt;
    at_ += count;
    return message_.subspan(at_ - count, count);
  }
  /// RFC 1035 §4.1.4, in lower case with dots. A pointer leads to what is before it, so that it
  /// comes to an end.
  std::optional<std::string> name() {
    std::string text;
    std::size_t from = at_;
    std::size_t least = at_;
    bool jumped = false;
    for (;;) {
      if (from >= message_.size()) return std::nullopt;
      const std::uint8_t length = message_[from];
      if (length >= 0xc0) {
        if (message_.size() - from < 2) return std::nullopt;
        const std::size_t target = load_u16(message_.data() + from) & 0x3fff;
        if (target >= least) return std::nullopt;
        if (!jumped) at_ = from + 2;
        jumped = true;
        from = least = target;
        continue;
      }
      if (length > longest_label || message_.size() - from <= length) return std::nullopt;
      if (length == 0) {
        if (!jumped) at_ = from + 1;
        return text;
      }
      if (!text.empty()) text += '.';
      for (const std::uint8_t c : message_.subspan(from + 1, length))
        text += lower(static_cast<char>(c));
      if (text.size() > longest_name) return std::nullopt;
      from += length + 1u;
    }
  }

 private:
  Bytes message_;
  std::size_t at_ = header_size;
};

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
