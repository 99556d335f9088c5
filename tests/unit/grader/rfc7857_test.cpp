#include <catch2/catch.hpp>

#include "tests/unit/grader/card.hpp"
#include "tests/unit/grader/faulty_bed.hpp"

namespace stile::nat::grader {

namespace {

using namespace std::chrono_literals;

Card card_with(FaultyBed::Entrance entrance, FaultyBed::Exit exit = {}, Config config = {}) {
  SeededRandom random(1);
  SimulatedBed core(std::move(config), random);
  FaultyBed bed(core, std::move(entrance), std::move(exit));
  return card_of(bed, random);
}

bool has_flag(const Arrival& packet, std::uint8_t flag) {
  if (packet.ipv4().protocol() != ip_protocol::tcp) return false;
  const auto segment = TcpView::parse(packet.transport());
  return segment && segment->has(flag);
}

bool is_reset(const Arrival& packet) {
  return has_flag(packet, tcp_flag::rst);
}

/// The port that a connection has on both sides, as the core preserves it.
std::uint16_t port_of(Side from, const Arrival& packet) {
  return from == Side::inside ? packet.source.port : packet.destination.port;
}

/// What inside endpoints sent last, to be sent again as a refresh.
class LastSent {
 public:
  void note(const Arrival& packet) { packets_[key_of(packet, packet.source.port)] = packet; }
  const Arrival* of(const Arrival& packet, std::uint16_t port) const {
    const auto found = packets_.find(key_of(packet, port));
    return found == packets_.end() ? nullptr : &found->second;
  }

 private:
  using Key = std::pair<std::uint8_t, std::uint16_t>;
  static Key key_of(const Arrival& packet, std::uint16_t port) {
    const std::uint8_t protocol = packet.ipv4().protocol();
    return {protocol == ip_protocol::icmp ? ip_protocol::udp : protocol, port};
  }

  std::map<Key, Arrival> packets_;
};

/// Keeps a mapping when its filter refuses something.
FaultyBed::Entrance refreshed_by_strangers() {
  return [sent = LastSent{}](SimulatedBed& core, Side from, const ByteVector& bytes) mutable {
    const auto packet = read_arrival(bytes);
    if (!packet || packet->source.port == 0) return true;
    if (from == Side::inside) sent.note(*packet);
    const Arrival* last =
        from == Side::outside ? sent.of(*packet, packet->destination.port) : nullptr;
    if (last && last->destination != packet->source) core.send(Side::inside, last->packet);
    return true;
  };
}

/// Keeps a mapping when its host refuses something.
FaultyBed::Entrance refreshed_by_refusals() {
  return [sent = LastSent{}](SimulatedBed& core, Side from, const ByteVector& bytes) mutable {
    const auto packet = read_arrival(bytes);
    if (!packet || from == Side::outside) return true;
    const bool is_error =
        packet->ipv4().protocol() == ip_protocol::icmp && packet->icmp().is_error();
    if (is_error || is_reset(*packet)) {
      const auto quoted = is_error ? packet->icmp().quoted_datagram() : Bytes{};
      const std::uint16_t port = is_error ? load_u16(quoted.data() + 22) : packet->source.port;
      if (const Arrival* last = sent.of(*packet, port)) core.send(Side::inside, last->packet);
    } else if (packet->source.port != 0) {
      sent.note(*packet);
    }
    return true;
  };
}

}  // namespace

TEST_CASE("grader: a NAT that lets no RST pass", "[grader][rfc7857-2.2]") {
  Card card = card_with([](SimulatedBed&, Side, const ByteVector& bytes) {
    const auto packet = read_arrival(bytes);
    return !packet || !is_reset(*packet);
  });
  CHECK(failures(card) == Names{"7857 2.2"});
  CHECK(card["7857 2.2 (4 minutes)"].verdict == Verdict::untested);
}

TEST_CASE("grader: a connection that is soon forgotten after a RST", "[grader][rfc7857-2.2]") {
  Config config;
  config.tcp_closing_timeout = 60s;
  CHECK(failures(card_of(config)) == Names{"5382 REQ-5 (closing)", "7857 2.2 (4 minutes)"});
  config.tcp_closing_timeout = 20s;
  CHECK(failures(card_of(config)) ==
        Names{"5382 REQ-5 (closing)", "7857 2.2 (4 minutes)", "7857 2.2 (revival)"});
}

TEST_CASE("grader: a RST that ends a connection whatever follows it", "[grader][rfc7857-2.2]") {
  std::map<std::uint16_t, Instant> resets;
  Card card = card_with([&](SimulatedBed& core, Side from, const ByteVector& bytes) {
    const auto packet = read_arrival(bytes);
    if (!packet || packet->ipv4().protocol() != ip_protocol::tcp) return true;
    const std::uint16_t port = port_of(from, *packet);
    if (is_reset(*packet)) resets.emplace(port, core.now());
    const auto reset = resets.find(port);
    return reset == resets.end() || core.now() < reset->second + 240s;
  });
  CHECK(failures(card) == Names{"7857 2.2 (revival)", "7857 2.2 (window)"});
}

TEST_CASE("grader: a RST that is taken from anybody", "[grader][rfc7857-2.2]") {
  std::map<std::uint16_t, Instant> resets;
  Card card = card_with([&](SimulatedBed& core, Side from, const ByteVector& bytes) {
    const auto packet = read_arrival(bytes);
    if (!packet || packet->ipv4().protocol() != ip_protocol::tcp) return true;
    const std::uint16_t port = port_of(from, *packet);
    const auto reset = resets.find(port);
    const bool is_gone = reset != resets.end() && core.now() >= reset->second + 240s;
    if (is_reset(*packet))
      resets.emplace(port, core.now());
    else if (!is_gone)
      resets.erase(port);
    return !is_gone;
  });
  CHECK(failures(card) == Names{"7857 2.2 (window)"});
}

TEST_CASE("grader: idle connections that end early say nothing of a RST", "[grader][rfc7857-2.2]") {
  Config config;
  config.tcp_established_timeout = 100s;
  Card card = card_of(config);
  CHECK(card["7857 2.2 (revival)"].verdict == Verdict::untested);
  CHECK(card["7857 2.2 (window)"].verdict == Verdict::untested);
}

TEST_CASE("grader: one mapping for TCP and UDP", "[grader][rfc7857-5][rfc7857-6]") {
  Card card = card_with([](SimulatedBed& core, Side from, const ByteVector& bytes) {
    const auto packet = read_arrival(bytes);
    if (packet && from == Side::inside && has_flag(*packet, tcp_flag::syn))
      core.send(Side::inside, make_udp(packet->source, packet->destination, {}));
    return true;
  });
  CHECK(failures(card) == Names{"7857 5", "7857 6"});
}

TEST_CASE("grader: strangers that keep a mapping", "[grader][rfc7857-7]") {
  Config config;
  config.filtering = Behavior::address_dependent;
  Card card = card_of(config);
  CHECK(card["7857 7"].verdict == Verdict::met);
  CHECK(card["7857 7 (TCP)"].verdict == Verdict::met);
  card = card_with(refreshed_by_strangers(), {}, config);
  CHECK(failures(card) == Names{"7857 7", "7857 7 (TCP)"});
}

TEST_CASE("grader: a filter that refuses nothing, and a mapping that lives long",
          "[grader][rfc7857-7]") {
  CHECK(card_of({})["7857 7"].verdict == Verdict::noted);
  Config config;
  config.filtering = Behavior::address_dependent;
  config.udp_timeout = 3600s;
  config.tcp_opening_timeout = 3600s;
  Card card = card_of(config);
  for (const char* rule : {"7857 7", "7857 7 (TCP)", "7857 7.1", "7857 7.1 (TCP)"})
    CHECK(card[rule].verdict == Verdict::untested);
}

TEST_CASE("grader: a host's refusals that keep its mapping", "[grader][rfc7857-7.1]") {
  CHECK(failures(card_with(refreshed_by_refusals())) == Names{"7857 7.1", "7857 7.1 (TCP)"});
  Config config;
  config.refresh = Refresh::both;
  config.filtering = Behavior::address_and_port_dependent;
  Card card = card_of(config);
  CHECK(card["7857 7.1"].verdict == Verdict::untested);
  CHECK(card["7857 7.1 (TCP)"].verdict == Verdict::untested);
}

TEST_CASE("grader: ports in order", "[grader][rfc7857-9]") {
  Config config;
  config.ports = PortAssignment::sequential;
  CHECK(failures(card_of(config)) == Names{"7857 9"});
  config.sequential_step = 1000;
  CHECK(card_of(config)["7857 9"].verdict == Verdict::not_met);
  for (const PortAssignment random : {PortAssignment::random, PortAssignment::block}) {
    config.ports = random;
    CHECK(card_of(config)["7857 9"].verdict == Verdict::met);
  }
}

TEST_CASE("grader: fragments that keep their identification", "[grader][rfc7857-10]") {
  Card card = card_with({}, [](Side at, ByteVector& bytes) {
    const auto packet = Ipv4Packet::parse(bytes);
    if (at == Side::outside && packet && packet->is_fragment()) packet->set_identification(7857);
  });
  CHECK(failures(card) == Names{"7857 10"});
}

TEST_CASE("grader: what one host inside cannot show is untested", "[grader][rfc7857-9]") {
  SeededRandom random(1);
  SimulatedBed core({}, random);
  FaultyBed bed(core, {});
  bed.leave_one_inside();
  const Card card = card_of(bed, random);
  CHECK(failures(card) == Names{});
  CHECK(names_of(card, Verdict::untested) ==
        Names{"4787 REQ-11", "4787 REQ-3", "5382 REQ-7", "7857 10", "7857 5", "7857 9"});
}

}  // namespace stile::nat::grader
