// Drives the NAT core with packets from both sides and with time: raw bytes, and packets that are
// almost right.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "nat/core/nat.hpp"
#include "nat/packet/builder.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/segment_size.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::nat;
using fuzz::Input;
using fuzz::require;

const IpAddress externals[] = {IpAddress::v4(203, 0, 113, 5), IpAddress::v4(203, 0, 113, 6)};
const IpAddress nat_inside = IpAddress::v4(192, 168, 1, 1);

template <class Enum>
Enum pick(std::uint8_t byte, std::uint8_t count) {
  return static_cast<Enum>(byte % count);
}

Config config_from(Input& input) {
  Config config;
  config.external.assign(std::begin(externals), std::end(externals));
  config.inside_address = nat_inside;
  config.mapping = pick<Behavior>(input.u8(), 3);
  config.filtering = pick<Behavior>(input.u8(), 3);
  config.ports = pick<PortAssignment>(input.u8(), 4);
  config.pooling = pick<Pooling>(input.u8(), 2);
  config.hairpin = pick<Hairpin>(input.u8(), 3);
  const std::uint8_t switches = input.u8();
  config.parity = (switches & 1) != 0;
  config.refresh = (switches & 2) != 0 ? Refresh::both : Refresh::outbound;
  config.unsolicited_syn = (switches & 4) == 0 ? UnsolicitedSyn::hold : UnsolicitedSyn::silence;
  if ((switches & 8) != 0) config.outside_mtu = config.inside_mtu = 100;
  config.block_size = 8;
  config.port_min = 1000;
  config.port_max = 1099;
  config.ports_per_host = (switches & 16) != 0 ? 4 : 0;
  config.max_mappings = 16;
  config.max_sessions = 24;
  config.max_ended_at_once = (switches & 32) != 0 ? 2 : 64;
  config.max_held_syns = 4;
  config.max_fragmented_datagrams = 8;
  config.max_waiting_datagrams = 4;
  config.max_fragments_held = 8;
  config.max_fragments_per_datagram = 3;
  config.max_fragment_bytes_held = 2048;
  config.udp_sessions = (switches & 64) == 0;
  config.probes_connections = (switches & 128) != 0;
  if (problem_with(config)) config.udp_sessions = true;
  return config;
}

class Driver {
 public:
  explicit Driver(Bytes input) : input_(input), random_(1), nat_(config_from(input_), random_) {}

  std::uint64_t run() {
    while (!input_.empty()) step();
    nat_.flush(now_);
    drain();
    require(nat_.mapping_count() == 0 && nat_.session_count() == 0, "flush leaves nothing");
    require(created_ == ended_, "each mapping that was made has ended");
    return trace_;
  }

 private:
  void step() {
    const std::uint8_t operation = input_.u8();
    const Side from = (operation & 0x80) != 0 ? Side::outside : Side::inside;
    switch (operation & 0x0f) {
      case 0:
        return feed(from, copy_of(input_.bytes(input_.u8())), false);
      case 1:
        return feed(from, udp(from), true);
      case 2:
        return feed(from, tcp(from), true);
      case 3:
        return feed(from, echo(from), true);
      case 4:
        return feed(from, error_about_last(from), true);
      case 5:
        return feed(from, piece(udp(from)), true);
      case 6:
        return feed(from, piece(tcp(from)), true);
      case 7:
        return feed(other(last_from_), answer_to_last(), true);
      case 8:
        return feed(from, damaged(last_), false);
      case 9:
        return pass_time();
      case 10:
        return feed(from, make_ipv4(host(from), target(from), input_.u8(), input_.bytes(32)),
                    false);
      default:
        return feed(from, udp(from), true);
    }
  }

  IpAddress host(Side side) {
    const auto number = static_cast<std::uint8_t>(2 + input_.u8() % 4);
    return side == Side::inside ? IpAddress::v4(192, 168, 1, number)
                                : IpAddress::v4(198, 51, 100, number);
  }
  IpAddress target(Side from) {
    const std::uint8_t choice = input_.u8();
    if (from == Side::outside || choice % 4 == 0) return externals[choice / 4 % 2];
    return choice == 1 ? nat_inside : host(Side::outside);
  }
  std::uint16_t port() { return static_cast<std::uint16_t>(996 + input_.u8() % 108); }
  Ipv4Fields fields() {
    const std::uint8_t byte = input_.u8();
    return {.ttl = static_cast<std::uint8_t>(byte % 8 == 0 ? 1 : 64),
            .identification = static_cast<std::uint16_t>(byte / 8 % 4),
            .dont_fragment = (byte & 0x80) != 0};
  }
  ByteVector udp(Side from) {
    const TransportAddress source{host(from), port()};
    const TransportAddress destination{target(from), port()};
    const Ipv4Fields header = fields();
    return make_udp(source, destination, input_.bytes(input_.u8()), header);
  }
  ByteVector tcp(Side from) {
    const TransportAddress source{host(from), port()};
    const TransportAddress destination{target(from), port()};
    const Ipv4Fields header = fields();
    const std::uint8_t flags = input_.u8();
    const TcpFields segment{.sequence = input_.u16(), .acknowledgment = input_.u16()};
    return make_tcp(source, destination, flags, input_.bytes(input_.u8() % 128), segment, header);
  }
  ByteVector echo(Side from) {
    const IpAddress source = host(from);
    const IpAddress destination = target(from);
    const std::uint8_t type = input_.u8() % 16;
    const Ipv4Fields header = fields();
    return make_icmp_echo(source, destination, type, port(), 1, input_.bytes(input_.u8()), header);
  }
  ByteVector error_about_last(Side from) {
    const auto quoted = Ipv4View::parse_quoted(last_);
    if (!quoted) return {};
    const IpAddress source = host(from);
    const std::uint8_t type = input_.u8() % 16;
    const std::uint32_t rest = std::uint32_t{input_.u16()} << 8;
    const Bytes quote =
        Bytes(last_).first(last_.size() - std::min<std::size_t>(input_.u8() % 32, last_.size()));
    return make_icmp_error(source, IpAddress::v4(quoted->source()), type, input_.u8() % 16, rest,
                           quote, fields());
  }
  /// One of the fragments that a datagram could have been cut into.
  ByteVector piece(ByteVector packet) {
    const Bytes payload = Ipv4View::parse(packet)->payload();
    const std::size_t offset = std::min<std::size_t>(input_.u8() % 8 * 8, payload.size());
    const std::size_t length = std::min<std::size_t>(input_.u8() % 8 * 8, payload.size() - offset);
    const auto whole = *Ipv4View::parse(packet);
    ByteVector made = make_ipv4(IpAddress::v4(whole.source()), IpAddress::v4(whole.destination()),
                                whole.protocol(), payload.subspan(offset, length),
                                {.ttl = whole.ttl(), .identification = whole.identification()});
    Ipv4Packet::parse(made)->set_fragment(offset, offset + length < payload.size());
    return made;
  }
  ByteVector answer_to_last() {
    const auto view = Ipv4View::parse(last_);
    if (!view || view->is_fragment()) return {};
    const IpAddress source = IpAddress::v4(view->destination());
    const IpAddress destination = IpAddress::v4(view->source());
    const Bytes transport = view->payload();
    const std::uint8_t choice = input_.u8();
    if (view->protocol() == ip_protocol::icmp)
      return make_icmp_echo(source, destination, icmp_type::echo_reply,
                            IcmpView::parse(transport)->identifier(), 1);
    const TransportAddress from{source, load_u16(transport.data() + 2)};
    const TransportAddress to{destination, load_u16(transport.data())};
    if (view->protocol() == ip_protocol::udp) return make_udp(from, to, input_.bytes(choice));
    return make_tcp(from, to, choice);
  }
  ByteVector damaged(ByteVector packet) {
    if (packet.empty()) return packet;
    for (std::size_t i = input_.u8() % 4u + 1; i > 0; --i) {
      const std::size_t where = input_.u8() % packet.size();
      packet[where] = input_.u8();
    }
    // With a right header checksum damage gets further in.
    if (auto view = Ipv4Packet::parse_quoted(packet)) {
      store_u16(packet.data() + 10, 0);
      store_u16(packet.data() + 10, internet_checksum(view->header()));
    }
    return packet;
  }
  void pass_time() {
    const std::uint8_t choice = input_.u8();
    const Duration duration = choice < 128 ? Duration(std::chrono::milliseconds(choice * 20))
                                           : Duration(std::chrono::seconds((choice - 128) * 10));
    now_ += duration;
    // What ends at once is limited, so there is more to do at the same instant.
    constexpr int most_turns = 64;
    for (int turn = 0; turn == 0 || (turn < most_turns && nat_.poll_timeout() <= now_); ++turn) {
      nat_.handle_timeout(now_);
      drain();
    }
    require(nat_.poll_timeout() > now_, "what was due is done");
  }

  void feed(Side from, ByteVector packet, bool well_made) {
    const auto sent = Ipv4View::parse(packet);
    const std::uint32_t sender = sent ? sent->source() : 0;
    limit_segment_size(packet, 1200);
    const Verdict verdict = nat_.handle_packet(now_, from, packet);
    note(static_cast<std::uint8_t>(verdict.action));
    // ESP has no mappings that events would tell of.
    if (from == Side::inside && verdict.action == Action::send_outside) insiders_.insert(sender);
    if (verdict.action == Action::send_inside || verdict.action == Action::send_outside) {
      const Side out = verdict.action == Action::send_inside ? Side::inside : Side::outside;
      require(verdict.packet.data() >= packet.data() &&
                  verdict.packet.data() + verdict.packet.size() <= packet.data() + packet.size(),
              "the verdict is a view into what was given");
      check_sent(from, out, verdict.packet, well_made);
      last_ = copy_of(verdict.packet);
      last_from_ = from;
    } else {
      require(verdict.packet.empty(), "what is not sent has no bytes");
    }
    drain();
  }

  void check_sent(Side from, Side out, Bytes bytes, bool well_made) {
    const auto packet = Ipv4View::parse(bytes);
    require(packet && packet->checksum_is_right() && packet->total_length() == bytes.size(),
            "a packet that was sent is right");
    require(bytes.size() <=
                (out == Side::inside ? nat_.config().inside_mtu : nat_.config().outside_mtu),
            "a packet that was sent fits the MTU");
    if (out == Side::outside) require(is_external(packet->source()), "no inside address leaves");
    if (from == Side::outside && out == Side::inside)
      require(insiders_.contains(packet->destination()),
              "what comes in is for a host with a mapping");
    if (well_made && !packet->is_fragment())
      require(transport_is_right(*packet), "transport checksums stay right");
    for (const std::uint8_t byte : bytes) note(byte);
  }
  static bool is_external(std::uint32_t address) {
    return std::ranges::any_of(externals,
                               [&](const IpAddress& ip) { return ip.v4_bits() == address; });
  }
  static bool transport_is_right(const Ipv4View& packet) {
    switch (packet.protocol()) {
      case ip_protocol::icmp:
        return internet_checksum(packet.payload()) == 0;
      case ip_protocol::udp:
      case ip_protocol::tcp:
        return transport_checksum(packet.source(), packet.destination(), packet.protocol(),
                                  packet.payload()) == 0;
      default:
        return true;
    }
  }

  void drain() {
    while (const auto command = nat_.poll_command())
      check_sent(command->side, command->side, command->packet, false);
    while (const auto event = nat_.poll_event()) take(*event);
    require(nat_.mapping_count() <= nat_.config().max_mappings, "mappings are limited");
    require(nat_.session_count() <= nat_.config().max_sessions, "sessions are limited");
    require(created_ - ended_ == nat_.mapping_count(), "events tell of each mapping");
    std::size_t listed = 0;
    nat_.for_each_session(now_, [&](const SessionInfo& session) {
      const bool is_mapping_alone = session.remote.ip.is_unspecified();
      listed += is_mapping_alone ? 0 : 1;
      require(session.time_left > Duration::zero() || nat_.poll_timeout() <= now_,
              "a session that is over is gone, or there is more to end");
    });
    require(listed == nat_.session_count(), "each session is listed");
  }
  void take(const Event& event) {
    if (const auto* mapping = std::get_if<MappingCreated>(&event)) {
      ++created_;
      insiders_.insert(mapping->inside.ip.v4_bits());
    } else if (std::holds_alternative<MappingEnded>(event)) {
      ++ended_;
    }
  }
  void note(std::uint8_t byte) { trace_ = (trace_ ^ byte) * 0x100000001b3u; }

  Input input_;
  SeededRandom random_;
  Nat nat_;
  Instant now_{};
  ByteVector last_;
  Side last_from_ = Side::inside;
  std::set<std::uint32_t> insiders_;
  std::uint64_t created_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t trace_ = 0xcbf29ce484222325u;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint64_t first = Driver({data, size}).run();
  require(Driver({data, size}).run() == first, "the same inputs give the same outputs");
  return 0;
}
