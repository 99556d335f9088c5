#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "nat/core/explicit_mapping.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

// PCP messages as RFC 6887 §7, §11.1 and §12.1 draw them.

namespace stile::nat::portmap::pcp {

inline constexpr std::uint8_t version = 2;
inline constexpr std::uint8_t response_bit = 0x80;
inline constexpr std::size_t header_size = 24;
inline constexpr std::size_t map_size = 36;
inline constexpr std::size_t peer_size = 56;
inline constexpr std::size_t largest_message = 1100;
inline constexpr std::uint32_t forever = 0xffffffff;

enum class Opcode : std::uint8_t { announce = 0, map = 1, peer = 2 };

/// RFC 6887 §7.4.
enum class Result : std::uint8_t {
  success = 0,
  unsupp_version = 1,
  not_authorized = 2,
  malformed_request = 3,
  unsupp_opcode = 4,
  unsupp_option = 5,
  malformed_option = 6,
  network_failure = 7,
  no_resources = 8,
  unsupp_protocol = 9,
  user_ex_quota = 10,
  cannot_provide_external = 11,
  address_mismatch = 12,
  excessive_remote_peers = 13
};
inline constexpr std::size_t result_count = 14;
std::string_view name_of(Result result);
Result result_of(ExplicitRefusal refusal);
/// For how long a client is to assume that the same request fails in the same way, seconds.
std::uint32_t lifetime_of_error(Result result);

/// 0                   1                   2                   3
/// 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |  Version = 2  |R|   Opcode    |         Reserved              |
/// |                 Requested Lifetime (32 bits)                  |
/// |            PCP Client's IP Address (128 bits)                 |
class RequestView {
 public:
  /// `message` has a whole header.
  explicit RequestView(Bytes message) : message_(message) {}

  std::uint8_t opcode() const { return message_[1]; }
  std::uint32_t lifetime_seconds() const { return load_u32(&message_[4]); }
  IpAddress client() const { return *IpAddress::from_bytes(message_.subspan(8, 16)); }
  Bytes message() const { return message_; }
  Bytes after_header() const { return message_.subspan(header_size); }

 private:
  Bytes message_;
};

/// |                 Mapping Nonce (96 bits)                       |
/// |   Protocol    |          Reserved (24 bits)                   |
/// |        Internal Port          |    Suggested External Port    |
/// |           Suggested External IP Address (128 bits)            |
struct MapPayload {
  MappingNonce nonce{};
  std::uint8_t protocol = 0;
  std::uint16_t internal_port = 0;
  TransportAddress external;  ///< suggested in a request, assigned in a response

  /// `bytes` are at least map_size.
  static MapPayload read(Bytes bytes);
};

/// A MAP payload, then:
/// |       Remote Peer Port        |     Reserved (16 bits)        |
/// |               Remote Peer IP Address (128 bits)               |
struct PeerPayload : MapPayload {
  TransportAddress remote;

  /// `bytes` are at least peer_size.
  static PeerPayload read(Bytes bytes);
};

/// Writes the assigned external endpoint into a response that begins as the request did.
void store_external(MutableBytes payload, const TransportAddress& external);

/// RFC 6887 §8.2: the first four bytes and the payload of the request, what the server sets, and
/// the options that were processed.
ByteVector make_success(const RequestView& request, std::size_t payload_size, Bytes options,
                        std::uint32_t lifetime_seconds, std::uint32_t epoch_seconds);
/// RFC 6887 §8.2: a whole copy of the request, at most 1,100 bytes.
ByteVector make_error(Bytes request, Result result, std::uint32_t lifetime_seconds,
                      std::uint32_t epoch_seconds);
/// RFC 6887 §14.1.3.
ByteVector make_announcement(std::uint32_t epoch_seconds);

}  // namespace stile::nat::portmap::pcp
