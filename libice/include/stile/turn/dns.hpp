#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "stile/base/address.hpp"

/// What is asked of the DNS to find a server, and what it answers.
namespace stile::dns {

enum class RecordType : std::uint8_t { a, aaaa, srv, naptr };

struct Question {
  RecordType type = RecordType::a;
  std::string name;  ///< without a dot at its end
  friend auto operator<=>(const Question&, const Question&) = default;
};

/// RFC 2782.
struct Srv {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;
};

/// RFC 3403 §4.1, without the regular expression, which S-NAPTR does not use (RFC 3958).
struct Naptr {
  std::uint16_t order = 0;
  std::uint16_t preference = 0;
  std::string flags;
  std::string service;
  std::string replacement;
};

/// With nothing in it: there is no such record, or no answer has come.
struct Answer {
  std::vector<IpAddress> addresses;
  std::vector<Srv> srv;
  std::vector<Naptr> naptr;
};

}  // namespace stile::dns
