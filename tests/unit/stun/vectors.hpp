#pragma once

#include <string_view>
#include <vector>

#include "stile/base/bytes.hpp"

namespace stile::stun::test {

/// Bytes from pairs of hexadecimal digits with blanks between.
ByteVector hex(std::string_view text);

/// The messages of RFC 5769 §2.1 to §2.4.
ByteVector sample_request();
ByteVector sample_ipv4_response();
ByteVector sample_ipv6_response();
ByteVector sample_long_term_request();
/// RFC 8489 §B.1 as printed: its length field counts the header too, in the message and in the
/// HMAC.
ByteVector sample_sha256_request_as_printed();
/// RFC 8489 §B.1 with the length put right and the PASSWORD-ALGORITHM that such a request has, as
/// in its erratum.
ByteVector sample_sha256_request();

/// All of them that are STUN messages.
std::vector<ByteVector> sample_messages();

inline constexpr std::string_view sample_password = "VOkJxbRl1RmTxUk/WvJxBt";
inline constexpr std::string_view long_term_user = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9";
inline constexpr std::string_view long_term_realm = "example.org";
inline constexpr std::string_view long_term_password = "TheMatrIX";

}  // namespace stile::stun::test
