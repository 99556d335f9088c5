#include "nat/grader/probe.hpp"

#include <algorithm>

#include "nat/packet/udp.hpp"

namespace stile::nat::grader {

namespace {

constexpr std::uint16_t first_port = 20000;
constexpr std::uint16_t ports = 10000;
constexpr int attempts = 3;
constexpr std::uint16_t window = 65535;

bool has_mark(const Arrival& arrival, Bytes mark) {
  return !std::ranges::search(arrival.transport(), mark).empty();
}

}  // namespace

std::optional<Arrival> read_arrival(ByteVector packet) {
  const auto ipv4 = Ipv4View::parse(packet);
  if (!ipv4 || ipv4->payload().size() < 8) return std::nullopt;
  const bool has_ports =
      (ipv4->protocol() == ip_protocol::udp || ipv4->protocol() == ip_protocol::tcp) &&
      ipv4->fragment_offset() == 0;
  const Bytes payload = ipv4->payload();
  if (ipv4->protocol() == ip_protocol::tcp && has_ports && !TcpView::parse(payload))
    return std::nullopt;
  const TransportAddress source{IpAddress::v4(ipv4->source()),
                                has_ports ? load_u16(payload.data()) : std::uint16_t{0}};
  const TransportAddress destination{IpAddress::v4(ipv4->destination()),
                                     has_ports ? load_u16(payload.data() + 2) : std::uint16_t{0}};
  return Arrival{std::move(packet), source, destination};
}

Probe::Probe(TestBed& bed, Random& random)
    : bed_(bed),
      random_(random),
      next_port_(static_cast<std::uint16_t>(first_port + random.below(ports / 2) * 2)) {}

std::uint16_t Probe::fresh_port() {
  next_port_ = static_cast<std::uint16_t>(next_port_ + 2);
  if (next_port_ >= first_port + ports) next_port_ = first_port;
  return next_port_;
}

ByteVector Probe::mark() {
  ByteVector mark(16);
  random_.fill(mark);
  return mark;
}

std::optional<Arrival> Probe::expect(Side at, Duration within, const Predicate& fits) {
  const Instant until = bed_.now() + within;
  while (auto packet = bed_.receive(at, until)) {
    auto arrival = read_arrival(std::move(*packet));
    if (arrival && fits(*arrival)) return arrival;
  }
  return std::nullopt;
}

std::optional<Arrival> Probe::carry(Side from, const ByteVector& packet, Side to,
                                    const Predicate& fits) {
  for (int i = 0; i < attempts; ++i) {
    bed_.send(from, packet);
    if (auto arrival = expect(to, bed_.patience(), fits)) return arrival;
  }
  return std::nullopt;
}

std::optional<Arrival> Probe::udp(Side from, const TransportAddress& source,
                                  const TransportAddress& destination, Side to) {
  const ByteVector payload = mark();
  return carry(from, make_udp(source, destination, payload), to, [&](const Arrival& arrival) {
    return arrival.ipv4().protocol() == ip_protocol::udp && has_mark(arrival, payload);
  });
}

std::optional<TransportAddress> Probe::seen(const TransportAddress& from,
                                            const TransportAddress& by) {
  const auto arrival = udp(Side::inside, from, by, Side::outside);
  return arrival ? std::optional(arrival->source) : std::nullopt;
}

bool Probe::reaches(const TransportAddress& outside, const TransportAddress& external,
                    const TransportAddress& inside) {
  const auto arrival = udp(Side::outside, outside, external, Side::inside);
  return arrival && arrival->destination == inside && arrival->source == outside;
}

std::optional<Arrival> Probe::tcp(Side from, const TransportAddress& source,
                                  const TransportAddress& destination, std::uint8_t flags,
                                  const TcpFields& fields, Side to) {
  const ByteVector segment = make_tcp(source, destination, flags, {}, fields);
  return carry(from, segment, to, [&](const Arrival& arrival) {
    if (arrival.ipv4().protocol() != ip_protocol::tcp) return false;
    const auto view = TcpView::parse(arrival.transport());
    return view && view->sequence() == fields.sequence && view->flags() == flags;
  });
}

std::optional<TransportAddress> Probe::seen_syn(const TransportAddress& from,
                                                const TransportAddress& by) {
  const auto arrival =
      tcp(Side::inside, from, by, tcp_flag::syn, {.sequence = number()}, Side::outside);
  return arrival ? std::optional(arrival->source) : std::nullopt;
}

std::optional<Connection> Probe::connect(const TransportAddress& inside,
                                         const TransportAddress& outside) {
  using namespace tcp_flag;
  Connection connection{inside, outside, {}, number(), number()};
  const auto syn_seen =
      tcp(Side::inside, inside, outside, syn, {.sequence = connection.inside_next}, Side::outside);
  if (!syn_seen) return std::nullopt;
  connection.external = syn_seen->source;
  ++connection.inside_next;
  const TcpFields answer{.sequence = connection.outside_next,
                         .acknowledgment = connection.inside_next};
  if (!tcp(Side::outside, outside, connection.external, syn | ack, answer, Side::inside))
    return std::nullopt;
  ++connection.outside_next;
  const TcpFields last{.sequence = connection.inside_next,
                       .acknowledgment = connection.outside_next};
  if (!tcp(Side::inside, inside, outside, ack, last, Side::outside)) return std::nullopt;
  return connection;
}

bool Probe::carries_data(Connection& connection) {
  const auto send = [&](Side from, std::uint32_t& own, std::uint32_t peer) {
    const bool from_inside = from == Side::inside;
    const ByteVector payload = mark();
    const TcpFields fields{.sequence = own, .acknowledgment = peer, .window = window};
    const ByteVector segment = make_tcp(from_inside ? connection.inside : connection.outside,
                                        from_inside ? connection.outside : connection.external,
                                        tcp_flag::ack | tcp_flag::psh, payload, fields);
    own += static_cast<std::uint32_t>(payload.size());
    return carry(from, segment, other(from),
                 [&](const Arrival& arrival) {
                   return arrival.ipv4().protocol() == ip_protocol::tcp &&
                          has_mark(arrival, payload);
                 })
        .has_value();
  };
  return send(Side::inside, connection.inside_next, connection.outside_next) &&
         send(Side::outside, connection.outside_next, connection.inside_next) &&
         send(Side::inside, connection.inside_next, connection.outside_next);
}

std::optional<Arrival> Probe::error_in(const IpAddress& from, std::uint8_t type, std::uint8_t code,
                                       const Arrival& about) {
  const ByteVector error = make_icmp_error(from, about.source.ip, type, code, 0, about.packet);
  return carry(Side::outside, error, Side::inside, [&](const Arrival& arrival) {
    if (arrival.ipv4().protocol() != ip_protocol::icmp) return false;
    const auto icmp = arrival.icmp();
    return icmp.type() == type && icmp.code() == code && arrival.source.ip == from;
  });
}

}  // namespace stile::nat::grader
