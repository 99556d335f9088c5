#pragma once

#include "server/core/request.hpp"

namespace stile::relay {

inline constexpr std::size_t largest_response = 2048;

/// An answer in the making: a message builder that knows how to end.
class Response {
 public:
  Response(MutableBytes buffer, const Asked& asked, stun::Class message_class)
      : asked_(asked), builder_(buffer, message_class, asked.method, asked.transaction_id) {}

  template <class Attribute>
  Response& add(const Attribute& attribute) {
    builder_.add(attribute);
    return *this;
  }
  stun::MessageBuilder& builder() { return builder_; }

  /// Integrity as the request had it, then FINGERPRINT if it had one.
  Bytes finish();

 private:
  const Asked& asked_;
  stun::MessageBuilder builder_;
};

/// A few words for people, the same as the RFC's names of the codes.
std::string_view reason_phrase(stun::ErrorNumber number);

}  // namespace stile::relay
