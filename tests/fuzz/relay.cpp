// Bytes -> clients, peers and time around a relay with small limits. What must hold whatever comes:
// no table above its limit, nothing sent to a peer that the rules deny, outputs that are
// well-formed and lie where they may, nothing left when all has expired.

#include <algorithm>

#include "server/core/relay.hpp"
#include "stile/stun/attributes.hpp"
#include "stile/stun/credentials.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::relay;
using fuzz::require;
using stun::AttributeType;

const IpPrefix opened_v4(IpAddress::v4(203, 0, 113, 0), 24);
const IpPrefix closed_v4(IpAddress::v4(203, 0, 113, 128), 25);
const IpPrefix opened_v6 = *IpPrefix::parse("2001:db8::/32");

/// Told apart by other means than the gate's: opened by the rules, or of no range that could be
/// somebody's inside.
bool may_be_reached(const IpAddress& ip) {
  if (opened_v4.contains(ip)) return !closed_v4.contains(ip);
  if (opened_v6.contains(ip)) return true;
  const auto& bytes = ip.v6_bytes();
  if (ip.is_v6()) return bytes[0] >> 5 == 1 || load_u32(bytes.data()) == 0x0064ff9b;
  const std::uint8_t a = bytes[12], b = bytes[13];
  return a != 0 && a != 10 && a != 127 && a < 224 && !(a == 169 && b == 254) &&
         !(a == 172 && b >> 4 == 1) && !(a == 192 && b == 168) && !(a == 100 && b >> 6 == 1);
}

const TransportAddress listener{IpAddress::v4(203, 0, 113, 1), 3478};

std::shared_ptr<const Config> small_config() {
  Config config;
  config.users = {{"alice", "secret"}, {"bob", "hunter2"}};
  config.auth_secrets = {"key"};
  config.oauth_keys = {{"alice", ByteVector(16, 1)}};
  config.server_name = "relay";
  config.alternate_servers = {{{IpAddress::v4(203, 0, 113, 3), 3478}, "relay"}};
  config.relay_addresses = {listener.ip, *IpAddress::parse("2001:db8::1")};
  config.relay_ports = {50'000, 50'015};
  config.peers.allow = {opened_v4, opened_v6};
  config.peers.deny = {closed_v4};
  config.own_addresses = {listener};
  config.behavior_discovery = BehaviorDiscovery{listener, {IpAddress::v4(203, 0, 113, 2), 3479}};
  config.user_quota = 3;
  config.total_quota = 5;
  config.permissions_per_allocation = 3;
  config.channels_per_allocation = 3;
  config.connections_per_allocation = 3;
  config.connections_per_user = 4;
  config.unauthenticated.per_second = 0;
  return std::make_shared<const Config>(std::move(config));
}

/// Addresses of a few kinds, so that they meet.
struct Input : fuzz::Input {
  using fuzz::Input::Input;
  TransportAddress peer() {
    const std::uint8_t kind = u8();
    if (kind < 0x80) return {IpAddress::v4(203, 0, 113, kind), 7000};
    if (kind < 0xc0) return {*IpAddress::parse("2001:db8::7"), kind};
    const Bytes address = bytes(kind & 1 ? 4 : 16);
    return {IpAddress::from_bytes(address).value_or(IpAddress{}), u16()};
  }
};

class World {
 public:
  explicit World(Input input) : relay_(small_config(), random_, nullptr, core), input_(input) {}

  void run() {
    for (int step = 0; step < 200 && !input_.empty(); ++step) one_step();
    for (int wakes = 0; relay_.poll_timeout() != never; ++wakes) {
      require(wakes < 10'000, "the relay sleeps in the end");
      now_ = std::max(now_, relay_.poll_timeout());
      relay_.handle_timeout(now_);
      drain();
    }
    require(sockets_.empty() && peers_.empty() && relay_.counters().allocations_now == 0,
            "nothing is left when all has expired");
  }

 private:
  void one_step() {
    switch (input_.u8() % 12) {
      case 0:
        return from_client(input_.bytes(input_.u8()));
      case 1:
        return from_client(request(true));
      case 2:
        return from_client(request(false));
      case 3:
        return channel_data();
      case 4:
        return send_indication();
      case 5:
        return from_peer();
      case 6:
        return time_passes();
      case 7:
        can_bind_ = input_.u8();
        return;
      case 8:
        relay_.handle_client_closed(now_, client());
        return drain();
      case 9:
        return attempt_ends();
      case 10:
        return peer_connects();
      case 11:
        return joined_acts();
    }
  }

  /// One of four clients and two ports of each, chosen by the last byte that chose one.
  FiveTuple client() const {
    const bool tcp = client_ % 4 == 3;
    const std::uint16_t port = client_ & 0x10 ? 2 : 1;
    return {{IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(client_ % 4)), port},
            listener,
            tcp ? Transport::tcp : Transport::udp};
  }

  ByteVector request(bool sign) {
    client_ = input_.u8();
    const std::uint8_t choice = input_.u8();
    static constexpr stun::Method methods[] = {
        stun::Method::allocate,     stun::Method::refresh, stun::Method::create_permission,
        stun::Method::channel_bind, stun::Method::binding, stun::Method::connect};
    const stun::Method method = choice & 0x20 ? stun::Method::connection_bind : methods[choice % 6];
    ByteVector buffer(4096);
    stun::MessageBuilder builder(buffer, stun::Class::request, method,
                                 stun::TransactionId{{choice}});
    for (std::uint8_t attributes = input_.u8() % 8; attributes > 0; --attributes)
      add_attribute(builder);
    if (sign) add_credentials(builder, choice);
    return copy_of(builder.finish());
  }

  void add_attribute(stun::MessageBuilder& builder) {
    switch (input_.u8() % 16) {
      case 0:
        builder.add(stun::RequestedTransport{input_.u8()});
        return;
      case 1:
        builder.add(stun::RequestedTransport{});
        return;
      case 2:
        builder.add(stun::LifetimeAttribute{input_.u32()});
        return;
      case 3:
        builder.add(stun::LifetimeAttribute{0});
        return;
      case 4:
        builder.add(stun::XorPeerAddress{input_.peer()});
        return;
      case 5:
        builder.add(
            stun::ChannelNumberAttribute{static_cast<std::uint16_t>(0x4000 + input_.u8() % 5)});
        return;
      case 6:
        builder.add(stun::EvenPort{(input_.u8() & 1) != 0});
        return;
      case 7:
        builder.add(stun::ReservationToken{token_});
        return;
      case 8:
        builder.add(stun::RequestedAddressFamily{input_.u8()});
        return;
      case 9:
        builder.add(stun::AdditionalAddressFamily{2});
        return;
      case 10:
        builder.add(stun::ChangeRequest{(input_.u8() & 1) != 0, true});
        return;
      case 11:
        builder.add(stun::ResponsePort{input_.u16()});
        return;
      case 12:
        builder.add(stun::Padding{input_.bytes(input_.u8())});
        return;
      case 13: {
        const auto type = static_cast<AttributeType>(input_.u16());
        builder.add(type, input_.bytes(input_.u8() % 32));
        return;
      }
      case 14:
        builder.add(stun::RequestedTransport{stun::RequestedTransport::tcp});
        return;
      case 15:
        builder.add(stun::ConnectionId{connection_id_ + input_.u8()});
        return;
    }
  }

  void add_credentials(stun::MessageBuilder& builder, std::uint8_t choice) {
    const bool bob = (choice & 0x40) != 0;
    const std::string_view user = bob ? "bob" : "alice";
    builder.add(stun::Username{user}).add(stun::Realm{"stile"}).add(stun::Nonce{fresh_nonce()});
    const auto algorithm =
        choice & 0x80 ? stun::PasswordAlgorithmNumber::sha256 : stun::PasswordAlgorithmNumber::md5;
    const stun::Key key = stun::long_term_key(algorithm, user, "stile", bob ? "hunter2" : "secret");
    if (algorithm == stun::PasswordAlgorithmNumber::md5) {
      builder.add_message_integrity(key);
      return;
    }
    builder.add(stun::PasswordAlgorithms{{{2, {}}, {1, {}}}})
        .add(stun::PasswordAlgorithm{{2, {}}})
        .add_message_integrity_sha256(key);
  }

  std::string fresh_nonce() {
    ByteVector buffer(datagram_headroom + 64);
    const MutableBytes room = MutableBytes(buffer).subspan(datagram_headroom);
    stun::MessageBuilder builder(room, stun::Class::request, stun::Method::refresh, {});
    const std::size_t size = builder.finish().size();
    const Outcome outcome = relay_.handle_client_datagram(now_, wall(), client(), room.first(size));
    const auto* answer = std::get_if<ToClient>(&outcome);
    require(answer, "a request without credentials is challenged");
    const auto message = stun::MessageView::parse(answer->message);
    return std::string(message->get<stun::Nonce>()->text);
  }

  void channel_data() {
    const auto channel = static_cast<std::uint16_t>(0x4000 + input_.u8() % 5);
    const Bytes data = input_.bytes(input_.u8());
    ByteVector message(4);
    stun::ChannelData::write_header(message.data(), {channel}, data.size() + (input_.u8() == 1));
    message.insert(message.end(), data.begin(), data.end());
    from_client(message);
  }

  void send_indication() {
    ByteVector buffer(1024);
    stun::MessageBuilder builder(buffer, stun::Class::indication, stun::Method::send, {});
    builder.add(stun::XorPeerAddress{input_.peer()})
        .add(stun::DataAttribute{input_.bytes(input_.u8())});
    from_client(builder.finish());
  }

  void from_client(Bytes datagram) {
    Outcome outcome;
    with_headroom(datagram, [&](MutableBytes in_place) {
      outcome = relay_.handle_client_datagram(now_, wall(), client(), in_place);
      return outcome;
    });
  }

  void from_peer() {
    if (sockets_.empty()) return;
    const auto [socket, local, protocol] = sockets_[input_.u8() % sockets_.size()];
    if (protocol != RelayProtocol::udp) return;
    const TransportAddress peer = input_.peer();
    const std::uint8_t kind = input_.u8();
    if (kind == 0xff) {
      check(relay_.handle_peer_icmp(now_, socket, peer, {input_.u8(), input_.u8(), input_.u32()}));
      return;
    }
    // Now and then one as large as UDP has them.
    const ByteVector data(kind == 0xfe ? 65'535 - input_.u8() : kind, 0x55);
    with_headroom(data, [&](MutableBytes in_place) {
      return relay_.handle_peer_datagram(now_, socket, peer, in_place);
    });
  }

  /// The shell has connected with a peer, or has failed to.
  void attempt_ends() {
    Peer* const peer = some_peer(Peer::connecting);
    if (!peer) return;
    const bool connected = (input_.u8() & 1) != 0;
    const PeerConnectionId id = peer->id;
    peer->state = Peer::open;
    if (!connected) std::erase_if(peers_, [&](const Peer& each) { return each.id == id; });
    relay_.handle_peer_connected(now_, id, connected);
    drain();
  }

  void peer_connects() {
    if (sockets_.empty()) return;
    const auto [socket, local, protocol] = sockets_[input_.u8() % sockets_.size()];
    if (protocol != RelayProtocol::tcp) return;
    const TransportAddress peer = input_.peer();
    if (const auto id = relay_.handle_peer_accepted(now_, socket, peer)) {
      require(may_be_reached(peer.ip) && peer != listener, "peers that connect are allowed ones");
      peers_.push_back({*id, Peer::open});
    }
    drain();
  }

  void joined_acts() {
    const Peer* const peer = some_peer(Peer::joined);
    if (!peer) return;
    const PeerConnectionId id = peer->id;
    if (const std::uint8_t bytes = input_.u8(); bytes != 0) {
      relay_.handle_peer_data(now_, id, bytes, 1);
    } else {
      std::erase_if(peers_, [&](const Peer& each) { return each.id == id; });
      relay_.handle_peer_closed(now_, id);
    }
    drain();
  }

  template <class Give>
  void with_headroom(Bytes datagram, Give&& give) {
    ByteVector buffer(datagram_headroom + datagram.size());
    std::ranges::copy(datagram, buffer.begin() + datagram_headroom);
    check(give(MutableBytes(buffer).subspan(datagram_headroom)));
  }

  void time_passes() {
    now_ += std::chrono::milliseconds(input_.u16() * 10);
    relay_.handle_timeout(now_);
    drain();
  }

  UnixSeconds wall() const {
    return {1'800'000'000 +
            std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch()).count()};
  }

  void check(const Outcome& outcome) {
    if (const auto* relayed = std::get_if<ToPeer>(&outcome)) check_peer(*relayed);
    if (const auto* answer = std::get_if<ToClient>(&outcome)) check_message(answer->message);
    if (const auto* other = std::get_if<ToOtherCore>(&outcome))
      require(other->index < core.count && other->index != core.index, "the other core is another");
    drain();
  }

  void check_peer(const ToPeer& relayed) {
    require(may_be_reached(relayed.peer.ip), "peers are allowed ones");
    require(relayed.peer.port != 0 && relayed.peer != listener, "peers are not the server");
    const auto socket = std::ranges::find(sockets_, relayed.from, &Socket::id);
    require(socket != sockets_.end() && socket->protocol == RelayProtocol::udp,
            "it leaves by an open UDP socket");
    for (const std::uint8_t byte : relayed.datagram) sum_ += byte;
  }

  void check_message(Bytes message) {
    if (!message.empty() && (message[0] & 0xc0) == 0x40) {
      const auto data = stun::ChannelData::parse(message);
      require(data && data->data.size() + 4 <= message.size(), "ChannelData is well-formed");
      return;
    }
    const auto parsed = stun::MessageView::parse_classic(message);  // RFC 3489: without the cookie
    require(parsed && parsed->message_class() != stun::Class::request,
            "an answer or an indication is well-formed");
    if (const auto token = parsed->get<stun::ReservationToken>()) token_ = token->token;
    if (const auto id = parsed->get<stun::ConnectionId>()) {
      require(id->value % core.count == core.index, "the CONNECTION-ID names this core");
      connection_id_ = id->value;
    }
  }

  void drain() {
    while (auto command = relay_.poll_command()) {
      if (const auto* open = std::get_if<OpenRelaySocket>(&*command)) {
        const bool bound = can_bind_ != 0 && open->local.port % 16 != can_bind_ % 32;
        if (bound) sockets_.push_back({open->id, open->local, open->protocol});
        relay_.handle_relay_socket_opened(now_, open->id, bound);
      } else if (const auto* close = std::get_if<CloseRelaySocket>(&*command)) {
        std::erase_if(sockets_, [&](const Socket& socket) { return socket.id == close->id; });
      } else if (const auto* send = std::get_if<SendToClient>(&*command)) {
        check_message(send->bytes);
      } else if (const auto* connect = std::get_if<ConnectPeer>(&*command)) {
        check_connect(*connect);
        peers_.push_back({connect->id, Peer::connecting});
      } else if (const auto* join = std::get_if<JoinPeer>(&*command)) {
        const auto peer = std::ranges::find(peers_, join->id, &Peer::id);
        require(peer != peers_.end() && peer->state == Peer::open, "an open connection is joined");
        require(is_stream(join->client.transport), "a stream is joined");
        peer->state = Peer::joined;
      } else if (const auto* close_peer = std::get_if<ClosePeer>(&*command)) {
        std::erase_if(peers_, [&](const Peer& peer) { return peer.id == close_peer->id; });
      }
    }
    while (relay_.poll_event()) {
    }
    check_limits();
  }

  void check_connect(const ConnectPeer& connect) {
    require(may_be_reached(connect.peer.ip) && connect.peer.port != 0 && connect.peer != listener,
            "peers to connect with are allowed ones");
    const auto from = std::ranges::find(sockets_, connect.from, &Socket::id);
    require(from != sockets_.end() && from->protocol == RelayProtocol::tcp &&
                from->local.family() == connect.peer.family() && from->local != connect.peer,
            "it connects from a TCP relayed address with another of its family");
  }

  void check_limits() {
    std::size_t allocations = 0, connections = 0;
    relay_.for_each_allocation([&](const AllocationInfo& info) {
      ++allocations;
      require(info.permissions.size() <= 3 && info.channels.size() <= 3,
              "permissions and channels are limited");
      require(info.peer_connections <= 3, "connections with peers are limited");
      require(info.protocol == RelayProtocol::udp || info.channels.empty(), "TCP has no channels");
      connections += info.peer_connections;
      require(info.relayed_v4 || info.relayed_v6, "an allocation has a relayed address");
      require(info.expires > now_, "what has expired is gone");
    });
    require(allocations <= 5 && sockets_.size() <= 10, "allocations and sockets are limited");
    require(allocations == relay_.counters().allocations_now, "allocations are counted");
    require(connections == peers_.size() && connections == relay_.counters().peer_connections_now,
            "the shell's connections are the relay's");
  }

  static constexpr CoreNumber core{1, 2};
  struct Socket {
    RelaySocketId id;
    TransportAddress local;
    RelayProtocol protocol;
  };
  /// A connection with a peer, as the shell has it.
  struct Peer {
    PeerConnectionId id;
    enum State : std::uint8_t { connecting, open, joined } state;
  };
  Peer* some_peer(Peer::State state) {
    const auto found = std::ranges::find(peers_, state, &Peer::state);
    return found == peers_.end() ? nullptr : &*found;
  }

  SeededRandom random_{1};
  Relay relay_;
  Input input_;
  Instant now_{};
  std::vector<Socket> sockets_;
  std::vector<Peer> peers_;
  std::uint32_t connection_id_ = 0;
  std::array<std::uint8_t, 8> token_{};
  std::uint8_t client_ = 0;
  std::uint8_t can_bind_ = 31;
  unsigned sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World(Input({data, size})).run();
  return 0;
}
