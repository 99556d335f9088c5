#include "stile/stun/attributes.hpp"
#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const auto address = *TransportAddress::parse("198.51.100.1:3478");
const auto relayed = *TransportAddress::parse("198.51.100.1:50000");

/// A TURN server for agent a that takes TCP connections from agent b, which can connect nowhere
/// else; nothing takes time but what the wire does.
class TcpRelay {
 public:
  explicit TcpRelay(Wire& wire) : wire_(wire) {
    wire.streams_work = false;
    wire.filter = [this](Datagram& datagram) { return judge(datagram); };
    wire.elsewhere = [this](const Datagram& datagram) { return take(datagram); };
    wire.accepts_elsewhere = [this](const TransportAddress& from, const TransportAddress& to) {
      return accept(from, to);
    };
  }

  std::vector<IpAddress> permitted;
  std::vector<stun::Method> asked;
  bool relays_tcp = true;
  bool binds = true;
  std::optional<TransportAddress> control;  ///< the client's end of it
  std::optional<TransportAddress> data;     ///< likewise, once it is bound
  std::optional<TransportAddress> peer;

 private:
  /// UDP is blocked; what comes out of the relay comes from its address.
  bool judge(Datagram& datagram) {
    const bool is_tcp = datagram.from == control || datagram.from == peer ||
                        datagram.to == address || datagram.to == relayed;
    if (datagram.from == data && datagram.to == peer) {
      datagram.from = relayed;
      return true;
    }
    return is_tcp;
  }

  bool accept(const TransportAddress& from, const TransportAddress& to) {
    if (to != relayed || std::ranges::find(permitted, from.ip) == permitted.end()) return false;
    peer = from;
    ByteVector buffer(128);
    stun::MessageBuilder builder(buffer, stun::Class::indication, stun::Method::connection_attempt,
                                 {});
    builder.add(stun::ConnectionId{77}).add(stun::XorPeerAddress{from});
    wire_.deliver(wire_.a, address, builder.finish(), control);
    return true;
  }

  std::optional<ByteVector> take(const Datagram& datagram) {
    if (datagram.to == relayed) {
      if (data) wire_.deliver(wire_.a, address, datagram.bytes, data);
      return std::nullopt;
    }
    const auto request = stun::MessageView::parse(datagram.bytes);
    if (!request || request->message_class() != stun::Class::request) return std::nullopt;
    asked.push_back(request->method());
    const auto transport = request->get<stun::RequestedTransport>();
    const bool wants_udp = transport && transport->protocol == stun::RequestedTransport::udp;
    const bool binding = request->method() == stun::Method::connection_bind;
    if (!request->has(stun::AttributeType::message_integrity))
      return answer(*request, stun::Class::error_response, 401);
    if (transport && (wants_udp || !relays_tcp))
      return answer(*request, stun::Class::error_response, 442);
    if (transport) control = datagram.from;
    if (const auto permit = request->get<stun::XorPeerAddress>())
      permitted.push_back(permit->address.ip);
    if (binding && !binds) return answer(*request, stun::Class::error_response, 400);
    if (!binding) return answer(*request, stun::Class::success_response);
    // At once, for what the peer sends comes behind it.
    wire_.deliver(wire_.a, address, answer(*request, stun::Class::success_response), datagram.from);
    data = datagram.from;
    return std::nullopt;
  }

  static ByteVector answer(const stun::MessageView& request, stun::Class kind,
                           std::uint16_t error = 0) {
    ByteVector buffer(512);
    stun::MessageBuilder builder(buffer, kind, request.method(), request.transaction_id());
    if (error != 0) builder.add(stun::ErrorCode{error, {}});
    if (error == 401) builder.add(stun::Realm{"test"}).add(stun::Nonce{"nonce"});
    if (error != 0) return copy_of(builder.finish());
    if (request.method() == stun::Method::allocate)
      builder.add(stun::XorRelayedAddress{relayed}).add(stun::XorMappedAddress{relayed});
    builder.add(stun::LifetimeAttribute{600})
        .add_message_integrity(
            stun::long_term_key(stun::PasswordAlgorithmNumber::md5, "u", "test", "p"));
    return copy_of(builder.finish());
  }

  Wire& wire_;
};

Config with_relay(Transport transport = Transport::tcp) {
  Config config{.role = Role::controlling, .tcp = true, .trickle = true};
  config.turn_servers = {{address, {"u", "p"}, transport, {}}};
  return config;
}
const Config peer_config{.role = Role::controlled, .tcp = true, .trickle = true};

std::vector<Candidate> relayed_tcp(const Peer& peer) {
  std::vector<Candidate> found;
  for (const Candidate& each : peer.candidates)
    if (each.type == CandidateType::relayed && each.transport == Transport::tcp)
      found.push_back(each);
  return found;
}

}  // namespace

TEST_CASE("tcp relay: a passive candidate at the relay, below those that relay UDP",
          "[ice][rfc6544-5.5]") {
  Wire wire(with_relay(GENERATE(Transport::tcp, Transport::tls)), peer_config);
  TcpRelay relay(wire);
  wire.gather(wire.a);
  wire.run_for(seconds(1));
  REQUIRE(relayed_tcp(wire.a).size() == 1);
  const Candidate candidate = relayed_tcp(wire.a)[0];
  CHECK(candidate.address == relayed);
  CHECK(candidate.to_string().ends_with("typ relay raddr 0.0.0.0 rport 0 tcptype passive"));
  CHECK(candidate.priority >> 24 == 0);
}

TEST_CASE("tcp relay: it is asked for over streams only, and if TCP candidates are wanted",
          "[ice][rfc6062-4.1]") {
  Config config = with_relay(GENERATE(Transport::udp, Transport::dtls, Transport::tcp));
  config.tcp = config.turn_servers[0].transport != Transport::tcp;
  Wire wire(config, peer_config);
  wire.gather(wire.a);
  CHECK(wire.a.connections.size() == (config.turn_servers[0].transport == Transport::udp ? 0 : 1));
}

TEST_CASE(
    "tcp relay: a peer that connects to it is bound to a connection of its own, and they talk",
    "[ice][rfc6062-4.4]") {
  Config ours = with_relay();
  ours.policy = GENERATE(Policy::all, Policy::no_host, Policy::relay);
  Config theirs = peer_config;
  if (GENERATE(true, false)) std::swap(ours.role, theirs.role);
  Wire wire(ours, theirs);
  TcpRelay relay(wire);
  wire.connect();
  REQUIRE(wire.a.selected);
  REQUIRE(wire.b.selected);
  CHECK(wire.a.selected->local.address == relayed);
  CHECK(wire.a.selected->local.type == CandidateType::relayed);
  CHECK(wire.b.selected->remote.address == relayed);
  CHECK(relay.data != relay.control);
  CHECK(std::ranges::find(wire.a.connections, address, &OpenConnection::server) !=
        wire.a.connections.end());
  wire.send(wire.a, "one");
  wire.send(wire.b, "two");
  wire.run_for(seconds(1));
  CHECK(wire.b.received == std::vector<std::string>{"one"});
  CHECK(wire.a.received == std::vector<std::string>{"two"});
}

TEST_CASE("tcp relay: consent keeps it, and so does the allocation", "[ice][rfc6062-4.6]") {
  Wire wire(with_relay(), peer_config);
  TcpRelay relay(wire);
  wire.connect();
  wire.run_for(seconds(1300));
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(wire.b.agent.state() == State::completed);
  CHECK(std::ranges::count(relay.asked, stun::Method::refresh) >= 2);
  wire.send(wire.b, "still there");
  wire.run_for(seconds(1));
  CHECK(wire.a.received == std::vector<std::string>{"still there"});
}

TEST_CASE("tcp relay: when the connection to its server ends, the session has no path",
          "[ice][rfc6062-4.6]") {
  Wire wire(with_relay(), peer_config);
  TcpRelay relay(wire);
  wire.connect();
  const auto bound =
      std::ranges::find(wire.a.sockets, *relay.data, [](const auto& each) { return each.second; });
  REQUIRE(bound != wire.a.sockets.end());
  wire.a.agent.handle_disconnected(wire.now, bound->first, "closed");
  wire.drain(wire.a);
  CHECK(wire.a.agent.state() == State::checking);
}

TEST_CASE("tcp relay: a server that relays no TCP is not blamed for it", "[ice]") {
  Wire wire(with_relay(), peer_config);
  TcpRelay relay(wire);
  relay.relays_tcp = false;
  wire.gather(wire.a);
  wire.run_for(seconds(1));
  CHECK(relayed_tcp(wire.a).empty());
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.failed_servers.size() == 1);  // this one relays no UDP either
}

TEST_CASE("tcp relay: a connection that cannot be bound is closed", "[ice][rfc6062-4.4]") {
  Wire wire(with_relay(), peer_config);
  TcpRelay relay(wire);
  relay.binds = false;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  wire.run_for(seconds(5));
  CHECK(relay.peer);
  CHECK_FALSE(wire.a.selected);
  CHECK(wire.a.agent.state() == State::checking);
  CHECK_FALSE(wire.a.closed.empty());
}

TEST_CASE("tcp relay: a server that offers connections without end gets so many", "[ice]") {
  Wire wire(with_relay(), peer_config);
  TcpRelay relay(wire);
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  wire.run_for(milliseconds(100));
  const auto control = std::ranges::find(wire.a.sockets, relay.control,
                                         [](const auto& each) { return each.second; });
  REQUIRE(control != wire.a.sockets.end());
  for (std::uint32_t id = 1; id <= 1000; ++id) {
    ByteVector buffer(128);
    stun::MessageBuilder builder(buffer, stun::Class::indication, stun::Method::connection_attempt,
                                 {});
    builder.add(stun::ConnectionId{id})
        .add(stun::XorPeerAddress{{wire.b.ip, static_cast<std::uint16_t>(id)}});
    ByteVector offer = copy_of(builder.finish());
    wire.a.agent.handle_datagram(wire.now, control->first, address, offer);
  }
  int opened = 0;
  while (const auto command = wire.a.agent.poll_command())
    opened += std::holds_alternative<OpenConnection>(*command);
  CHECK(opened == 64);
}

TEST_CASE("tcp relay: after a restart they meet there again", "[ice][rfc8445-9]") {
  Wire wire(with_relay(), peer_config);
  TcpRelay relay(wire);
  wire.connect();
  REQUIRE(wire.a.selected);
  wire.restart();
  REQUIRE(wire.run_until([&] { return wire.a.selected && wire.b.selected; }, seconds(10)));
  wire.send(wire.a, "again");
  wire.run_for(seconds(1));
  CHECK(wire.b.received == std::vector<std::string>{"again"});
}
