#pragma once

#include <functional>

#include "nat/core/config.hpp"
#include "nat/grader/test_bed.hpp"
#include "nat/packet/builder.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "stile/base/random.hpp"

namespace stile::nat::grader {

/// A packet as a host got it. It has a whole IPv4 header and, but for ICMP, ports.
struct Arrival {
  ByteVector packet;
  TransportAddress source;
  TransportAddress destination;

  Ipv4View ipv4() const { return *Ipv4View::parse(packet); }
  Bytes transport() const { return ipv4().payload(); }
  IcmpView icmp() const { return *IcmpView::parse(transport()); }
};
std::optional<Arrival> read_arrival(ByteVector packet);

/// A TCP connection as both its hosts see it.
struct Connection {
  TransportAddress inside;
  TransportAddress outside;
  TransportAddress external;      ///< what the outside host sees
  std::uint32_t inside_next = 0;  ///< the next sequence number that the inside host sends
  std::uint32_t outside_next = 0;
};

/// What answers a SYN that nobody inside has asked for.
struct SynAnswer {
  Duration after{};
  bool is_reset = false;  ///< else an ICMP error
};

/// What the tests send, and how they look for it: each packet is marked, so that none is taken for
/// another one; what does not arrive is sent three times, so that loss is not taken for a filter.
class Probe {
 public:
  Probe(TestBed& bed, Random& random);

  TestBed& bed() { return bed_; }
  const IpAddress& inside(std::size_t i) const { return bed_.hosts().inside.at(i); }
  const IpAddress& outside(std::size_t i) const { return bed_.hosts().outside.at(i); }
  bool has_two_inside() const { return bed_.hosts().inside.size() > 1; }
  /// Even, and not used before in this run.
  std::uint16_t fresh_port();
  /// An endpoint of a host, at a fresh port.
  TransportAddress inside_endpoint(std::size_t i = 0) { return {inside(i), fresh_port()}; }
  TransportAddress outside_endpoint(std::size_t i = 0) { return {outside(i), fresh_port()}; }
  std::uint32_t number() { return random_.u32(); }
  void wait(Duration duration) { bed_.wait_until(bed_.now() + duration); }

  using Predicate = std::function<bool(const Arrival&)>;
  /// The next that fits; others are thrown away.
  std::optional<Arrival> expect(Side at, Duration within, const Predicate& fits);
  /// Sends until something that fits arrives.
  std::optional<Arrival> carry(Side from, const ByteVector& packet, Side to, const Predicate& fits);

  /// A marked UDP datagram, and what becomes of it.
  std::optional<Arrival> udp(Side from, const TransportAddress& source,
                             const TransportAddress& destination, Side to);
  /// What the outside endpoint sees of the inside one.
  std::optional<TransportAddress> seen(const TransportAddress& from, const TransportAddress& by);
  bool reaches(const TransportAddress& outside, const TransportAddress& external,
               const TransportAddress& inside);

  /// A segment that is told from others by its sequence number.
  std::optional<Arrival> tcp(Side from, const TransportAddress& source,
                             const TransportAddress& destination, std::uint8_t flags,
                             const TcpFields& fields, Side to);
  /// What the outside endpoint sees of a SYN.
  std::optional<TransportAddress> seen_syn(const TransportAddress& from,
                                           const TransportAddress& by);
  /// Three steps from inside.
  std::optional<Connection> connect(const TransportAddress& inside,
                                    const TransportAddress& outside);
  /// Whether data and its acknowledgment pass, from inside and from outside.
  bool carries_data(Connection& connection);

  /// An ICMP error about `about`, from a host outside to the external address, and as it arrives.
  std::optional<Arrival> error_in(const IpAddress& from, std::uint8_t type, std::uint8_t code,
                                  const Arrival& about);
  /// Two rules are about it, and it takes eight seconds: `look` is called once.
  const std::optional<SynAnswer>& answer_to_syn(
      const std::function<std::optional<SynAnswer>()>& look) {
    if (!answer_to_syn_) answer_to_syn_ = look();
    return *answer_to_syn_;
  }

 private:
  ByteVector mark();
  TestBed& bed_;
  Random& random_;
  std::uint16_t next_port_;
  std::optional<std::optional<SynAnswer>> answer_to_syn_;
};

}  // namespace stile::nat::grader
