#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stile/base/bytes.hpp"

namespace stile::nat {

namespace dns_type {
inline constexpr std::uint16_t a = 1;
inline constexpr std::uint16_t cname = 5;
inline constexpr std::uint16_t soa = 6;
inline constexpr std::uint16_t ptr = 12;
inline constexpr std::uint16_t aaaa = 28;
inline constexpr std::uint16_t dname = 39;
inline constexpr std::uint16_t opt = 41;
}  // namespace dns_type
inline constexpr std::uint16_t dns_class_in = 1;

namespace dns_rcode {
inline constexpr std::uint8_t no_error = 0;
inline constexpr std::uint8_t server_failure = 2;
inline constexpr std::uint8_t name_error = 3;
}  // namespace dns_rcode

/// RFC 1035 §3.1: labels with their lengths, the root's zero at the end, not compressed.
using DnsName = std::string;

/// RFC 1035 §4.1.2
struct DnsQuestion {
  DnsName name;
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
};

/// RFC 1035 §4.1.3. Of CNAME, DNAME and PTR the data is a name that is not compressed.
struct DnsRecord {
  DnsName name;
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  std::uint32_t ttl = 0;
  ByteVector data;
};

/// A message with one question (RFC 1035 §4.1), its sections read as far as DNS64 needs them.
struct DnsMessage {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  DnsQuestion question;
  std::vector<DnsRecord> answers;
  std::vector<DnsRecord> authority;
  bool dnssec_ok = false;  ///< RFC 3225 §3, in an OPT record

  bool is_response() const { return (flags & 0x8000) != 0; }
  bool is_truncated() const { return (flags & 0x0200) != 0; }
  bool checking_disabled() const { return (flags & 0x0010) != 0; }
  unsigned opcode() const { return flags >> 11 & 15u; }
  std::uint8_t rcode() const { return flags & 15; }
};

/// Nothing if it is damaged, or has not exactly one question.
std::optional<DnsMessage> parse_dns(Bytes message);
/// A query for the same as `question`.
ByteVector make_dns_query(std::uint16_t id, const DnsQuestion& question);
/// A response to `query` with these answers. The flags are those of a recursive resolver, AD not
/// set (RFC 6147 §5.5).
ByteVector make_dns_response(const DnsMessage& query, std::uint8_t rcode,
                             const std::vector<DnsRecord>& answers);

}  // namespace stile::nat
