#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string_view>

#include "nat/core/nat.hpp"
#include "nat/packet/builder.hpp"
#include "nat/portmap/server.hpp"
#include "stile/base/random.hpp"

namespace stile::nat::portmap::test {

using namespace std::chrono_literals;
using pcp::Result;

inline const IpAddress host = IpAddress::v4(192, 168, 1, 10);
inline const IpAddress neighbour = IpAddress::v4(192, 168, 1, 11);
inline const IpAddress external = IpAddress::v4(203, 0, 113, 5);
inline const TransportAddress stranger{IpAddress::v4(198, 51, 100, 1), 7000};
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t tcp = 6;

inline nat::Config nat_config() {
  nat::Config config;
  config.external = {external};
  config.inside_address = IpAddress::v4(192, 168, 1, 1);
  config.filtering = Behavior::address_and_port_dependent;
  config.reserved_udp_ports = {own_ports.begin(), own_ports.end()};
  return config;
}

struct Request {
  std::uint8_t opcode = 1;
  std::uint32_t lifetime = 3600;
  IpAddress client = host;
  MappingNonce nonce{1, 2, 3};
  std::uint8_t protocol = udp;
  std::uint16_t internal_port = 5000;
  TransportAddress suggested{IpAddress::v4(0), 0};
  TransportAddress remote = stranger;  ///< of PEER
  ByteVector options;
};

ByteVector to_bytes(const Request& request);
ByteVector option(std::uint8_t code, const ByteVector& data);
ByteVector filter_option(const IpAddress& peer, std::uint8_t prefix_length, std::uint16_t port);
ByteVector operator+(ByteVector left, const ByteVector& right);

/// A response, which has been checked: its version, its R bit, its length.
struct Response {
  ByteVector bytes;
  Result result() const { return static_cast<Result>(bytes[3]); }
  std::uint32_t lifetime() const { return load_u32(&bytes[4]); }
  std::uint32_t epoch() const { return load_u32(&bytes[8]); }
  TransportAddress assigned() const {
    return {*IpAddress::from_bytes(Bytes(bytes).subspan(44, 16)), load_u16(&bytes[42])};
  }
};

class Bench {
 public:
  explicit Bench(nat::Config nat_config = test::nat_config(), Config config = {});

  std::optional<ByteVector> send(const ByteVector& datagram, const IpAddress& from = host);
  Response ask(const Request& request, const IpAddress& from = host);
  /// Whether a datagram from `remote` to `external` reaches an inside host.
  bool delivered(const TransportAddress& remote, const TransportAddress& to);
  /// What the remote sees when the host sends there.
  TransportAddress seen(const TransportAddress& inside, const TransportAddress& remote);
  void wait(Duration duration);
  std::vector<ByteVector> announcements();

  SeededRandom random{1};
  Nat nat;
  Instant now{1h};
  Server server;
};

}  // namespace stile::nat::portmap::test
