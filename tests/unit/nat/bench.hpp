#pragma once

#include <catch2/catch.hpp>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "nat/core/nat.hpp"
#include "nat/packet/builder.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"
#include "stile/base/random.hpp"

namespace stile::nat::test {

using namespace std::chrono_literals;

inline TransportAddress at(std::string_view text) {
  return *TransportAddress::parse(text);
}
inline IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

// The hosts of the tests: three inside, two outside with two ports each, a router outside.
inline const IpAddress inside_1 = IpAddress::v4(192, 168, 1, 10);
inline const IpAddress inside_2 = IpAddress::v4(192, 168, 1, 11);
inline const IpAddress inside_3 = IpAddress::v4(192, 168, 1, 12);
inline const IpAddress nat_inside = IpAddress::v4(192, 168, 1, 1);
inline const IpAddress nat_external = IpAddress::v4(203, 0, 113, 5);
inline const IpAddress outside_1 = IpAddress::v4(198, 51, 100, 1);
inline const IpAddress outside_2 = IpAddress::v4(198, 51, 100, 2);
inline const IpAddress router = IpAddress::v4(198, 51, 100, 254);

inline Config default_config() {
  Config config;
  config.external = {nat_external};
  config.inside_address = nat_inside;
  return config;
}

/// What became of one packet. Every packet that comes out has been checked: right checksums, right
/// lengths.
struct Outcome {
  Action action = Action::drop;
  ByteVector packet;
  std::vector<Command> commands;

  bool passed() const { return action == Action::send_inside || action == Action::send_outside; }
  Ipv4View ipv4() const { return *Ipv4View::parse(packet); }
  TransportAddress source() const;
  TransportAddress destination() const;
  Bytes transport() const { return ipv4().payload(); }
  TcpView tcp() const { return *TcpView::parse(transport()); }
  IcmpView icmp() const { return *IcmpView::parse(transport()); }
};

TransportAddress source_of(Bytes packet);
TransportAddress destination_of(Bytes packet);
/// Nothing wrong with the checksums of a packet that was sent (fragments: of its header).
bool checksums_are_right(Bytes packet);
/// The ICMP error among commands, if there is exactly one command and it is one.
std::optional<IcmpView> error_in(const std::vector<Command>& commands);
ByteVector payload_of(std::size_t size);

class Bench {
 public:
  explicit Bench(Config config = default_config(), std::uint64_t seed = 1);

  Outcome send(Side from, ByteVector packet);
  Outcome from_inside(ByteVector packet) { return send(Side::inside, std::move(packet)); }
  Outcome from_outside(ByteVector packet) { return send(Side::outside, std::move(packet)); }
  /// Lets virtual time pass, with the timeouts that were asked for. Gives what the NAT sent
  /// meanwhile.
  std::vector<Command> wait(Duration duration);
  void drain_events();

  Outcome udp_out(const TransportAddress& inside, const TransportAddress& remote);
  Outcome udp_in(const TransportAddress& remote, const TransportAddress& external);
  Outcome tcp_out(const TransportAddress& inside, const TransportAddress& remote,
                  std::uint8_t flags, const TcpFields& fields = {});
  Outcome tcp_in(const TransportAddress& remote, const TransportAddress& external,
                 std::uint8_t flags, const TcpFields& fields = {});
  Outcome echo_out(IpAddress inside, IpAddress remote, std::uint16_t identifier);
  Outcome echo_reply_in(IpAddress remote, IpAddress external, std::uint16_t identifier);
  /// The external endpoint that `remote` sees, which must see the packet.
  TransportAddress seen(const TransportAddress& inside, const TransportAddress& remote);
  bool delivered(const TransportAddress& remote, const TransportAddress& external);
  /// SYN, SYN-ACK, ACK through the NAT. Gives the external endpoint.
  TransportAddress connect(const TransportAddress& inside, const TransportAddress& remote);

  SeededRandom random;
  Nat nat;
  Instant now{1h};
  std::vector<Event> events;

 private:
  std::vector<Command> drain();
};

}  // namespace stile::nat::test
