#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

TransportAddress endpoint(Bytes packet, bool source) {
  const auto view = Ipv4View::parse_quoted(packet);
  REQUIRE(view);
  const IpAddress address = IpAddress::v4(source ? view->source() : view->destination());
  if (view->payload().size() < 4 || view->fragment_offset() != 0) return {address, 0};
  if (view->protocol() == ip_protocol::icmp)
    return {address, IcmpView::parse(view->payload())->identifier()};
  return {address, load_u16(view->payload().data() + (source ? 0 : 2))};
}

bool transport_checksum_is_right(const Ipv4View& view) {
  if (view.protocol() == ip_protocol::icmp) return internet_checksum(view.payload()) == 0;
  if (view.protocol() != ip_protocol::udp && view.protocol() != ip_protocol::tcp) return true;
  if (view.protocol() == ip_protocol::udp && UdpView::parse(view.payload())->checksum() == 0)
    return true;
  return transport_checksum(view.source(), view.destination(), view.protocol(), view.payload()) ==
         0;
}

}  // namespace

TransportAddress source_of(Bytes packet) {
  return endpoint(packet, true);
}
TransportAddress destination_of(Bytes packet) {
  return endpoint(packet, false);
}
TransportAddress Outcome::source() const {
  return source_of(packet);
}
TransportAddress Outcome::destination() const {
  return destination_of(packet);
}

bool checksums_are_right(Bytes packet) {
  const auto view = Ipv4View::parse(packet);
  if (!view || view->total_length() != packet.size() || !view->checksum_is_right()) return false;
  return view->is_fragment() || transport_checksum_is_right(*view);
}

std::optional<IcmpView> error_in(const std::vector<Command>& commands) {
  if (commands.size() != 1) return std::nullopt;
  const auto view = Ipv4View::parse(commands[0].packet);
  if (!view || view->protocol() != ip_protocol::icmp) return std::nullopt;
  const auto icmp = IcmpView::parse(view->payload());
  return icmp && icmp->is_error() ? icmp : std::nullopt;
}

ByteVector payload_of(std::size_t size) {
  ByteVector payload(size);
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return payload;
}

Bench::Bench(Config config, std::uint64_t seed) : random(seed), nat(std::move(config), random) {}

Outcome Bench::send(Side from, ByteVector packet) {
  const Verdict verdict = nat.handle_packet(now, from, packet);
  Outcome outcome;
  outcome.action = verdict.action;
  outcome.packet = copy_of(verdict.packet);
  outcome.commands = drain();
  if (outcome.passed()) {
    CHECK(verdict.packet.data() >= packet.data());
    CHECK(verdict.packet.data() + verdict.packet.size() <= packet.data() + packet.size());
    CHECK(checksums_are_right(verdict.packet));
  }
  return outcome;
}

std::vector<Command> Bench::drain() {
  std::vector<Command> commands;
  while (auto command = nat.poll_command()) {
    CHECK(checksums_are_right(command->packet));
    commands.push_back(std::move(*command));
  }
  drain_events();
  return commands;
}

void Bench::drain_events() {
  while (auto event = nat.poll_event()) events.push_back(std::move(*event));
}

std::vector<Command> Bench::wait(Duration duration) {
  const Instant end = now + duration;
  std::vector<Command> sent;
  while (nat.poll_timeout() <= end) {
    now = std::max(now, nat.poll_timeout());
    nat.handle_timeout(now);
    for (Command& command : drain()) sent.push_back(std::move(command));
  }
  now = end;
  return sent;
}

Outcome Bench::udp_out(const TransportAddress& inside, const TransportAddress& remote) {
  return from_inside(make_udp(inside, remote, as_bytes("from inside")));
}

Outcome Bench::udp_in(const TransportAddress& remote, const TransportAddress& external) {
  return from_outside(make_udp(remote, external, as_bytes("from outside")));
}

Outcome Bench::tcp_out(const TransportAddress& inside, const TransportAddress& remote,
                       std::uint8_t flags, const TcpFields& fields) {
  return from_inside(make_tcp(inside, remote, flags, {}, fields));
}

Outcome Bench::tcp_in(const TransportAddress& remote, const TransportAddress& external,
                      std::uint8_t flags, const TcpFields& fields) {
  return from_outside(make_tcp(remote, external, flags, {}, fields));
}

Outcome Bench::echo_out(IpAddress inside, IpAddress remote, std::uint16_t identifier) {
  return from_inside(
      make_icmp_echo(inside, remote, icmp_type::echo, identifier, 1, as_bytes("ping")));
}

Outcome Bench::echo_reply_in(IpAddress remote, IpAddress external, std::uint16_t identifier) {
  return from_outside(
      make_icmp_echo(remote, external, icmp_type::echo_reply, identifier, 1, as_bytes("ping")));
}

TransportAddress Bench::seen(const TransportAddress& inside, const TransportAddress& remote) {
  const Outcome outcome = udp_out(inside, remote);
  REQUIRE(outcome.action == Action::send_outside);
  CHECK(outcome.destination() == remote);
  return outcome.source();
}

bool Bench::delivered(const TransportAddress& remote, const TransportAddress& external) {
  const Outcome outcome = udp_in(remote, external);
  if (outcome.action == Action::send_inside) CHECK(outcome.source() == remote);
  return outcome.action == Action::send_inside;
}

TransportAddress Bench::connect(const TransportAddress& inside, const TransportAddress& remote) {
  const Outcome syn = tcp_out(inside, remote, tcp_flag::syn, {.sequence = 999});
  REQUIRE(syn.action == Action::send_outside);
  const TransportAddress external = syn.source();
  REQUIRE(tcp_in(remote, external, tcp_flag::syn | tcp_flag::ack,
                 {.sequence = 4999, .acknowledgment = 1000})
              .action == Action::send_inside);
  REQUIRE(
      tcp_out(inside, remote, tcp_flag::ack, {.sequence = 1000, .acknowledgment = 5000}).action ==
      Action::send_outside);
  return external;
}

}  // namespace stile::nat::test
