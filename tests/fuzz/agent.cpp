// Bytes -> two ICE agents that know each other, the packets between them (carried, lost, bent,
// signed anew), a STUN and TURN server that answers as it likes, remote candidates and time. What
// must hold whatever comes: tables within their limits, a clock that goes on, sends on open sockets
// only, STUN that is well-formed, one selected pair at a time for a component, silence after
// close().

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "stile/ice/agent.hpp"
#include "stile/stun/attributes.hpp"
#include "stile/stun/channel_data.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::ice;
using fuzz::require;
using std::chrono::milliseconds;

const TransportAddress server{IpAddress::v4(203, 0, 113, 1), 3478};
const TransportAddress stun_server{IpAddress::v4(203, 0, 113, 2), 3478};
const TransportAddress router{IpAddress::v4(203, 0, 113, 3), 5351};
constexpr std::size_t max_pairs = 8;
constexpr std::size_t max_in_flight = 64;

/// Addresses of a few kinds, so that they meet.
struct Input : fuzz::Input {
  using fuzz::Input::Input;
  TransportAddress address() {
    const std::uint8_t kind = u8();
    if (kind < 0x40)
      return {IpAddress::v4(192, 0, 2, kind), static_cast<std::uint16_t>(5000 + kind % 4)};
    if (kind < 0x80) return {IpAddress::v4(198, 51, 100, kind), 7000};
    if (kind < 0xc0) return {*IpAddress::parse("2001:db8::7"), kind};
    const Bytes ip = bytes(kind & 1 ? 4 : 16);
    return {IpAddress::from_bytes(ip).value_or(IpAddress{}), u16()};
  }
};

Config configure(Role role, std::uint8_t choice) {
  Config config;
  config.role = role;
  config.components = choice & 1 ? 2 : 1;
  if (choice & 2) config.stun_servers = {stun_server};
  if (choice & 2) config.restart_after = std::chrono::seconds(3);
  if (choice & 4) config.turn_servers = {{server, {"alice", "secret"}}};
  if (choice & 8) config.policy = Policy::relay;
  config.streams = choice & 16 ? 2 : 1;
  config.lite = choice & 32;
  config.hard_nats = config.tcp = choice & 128;
  if (choice & 128) config.port_mapping_routers = {router};
  config.spraying = {.sockets = 4, .probes = 8, .per_second = 50};
  if (choice & 64) config.turn_servers.push_back({server, {"alice", "secret"}, Transport::tcp, {}});
  config.max_remote_candidates = 6;
  config.max_peer_reflexive = 3;
  config.max_pairs = max_pairs;
  config.max_early_checks = 2;
  return config;
}

struct Datagram {
  TransportAddress from;
  TransportAddress to;
  ByteVector bytes;
};

/// An agent with what has become of it.
struct Peer {
  Peer(std::uint64_t seed, Config config, std::uint8_t last)
      : random(seed),
        components(config.components),
        agent(std::move(config), random),
        last_octet(last) {}

  SeededRandom random;
  std::uint16_t components;
  Agent agent;
  std::uint8_t last_octet;
  std::map<SocketId, TransportAddress> sockets;
  bool closed = false;
};

class World {
 public:
  explicit World(Input input)
      : input_(input),
        a_(1, configure(Role::controlling, input_.u8()), 1),
        b_(2, configure(input_.u8() & 1 ? Role::controlling : Role::controlled, input_.u8()), 2) {}

  void run() {
    for (int step = 0; step < 300 && !input_.empty(); ++step) one_step();
    for (int wakes = 0; wakes < 50; ++wakes) wake();
    for (Peer* peer : {&a_, &b_}) close(*peer);
  }

 private:
  void one_step() {
    const std::uint8_t choice = input_.u8();
    Peer& peer = choice & 0x80 ? b_ : a_;
    switch (choice % 16) {
      case 0:
        return gather(peer);
      case 1:
        return introduce(peer);
      case 2:
        return carry(input_.u8());
      case 3:
        return carry_all();
      case 4:
        return bend(input_.u8());
      case 5:
        return lose(input_.u8());
      case 6:
        return wake();
      case 7:
        return pass(milliseconds(input_.u16()));
      case 8:
        return deliver(peer, input_.address(), input_.bytes(input_.u8()));
      case 9:
        return tell_candidate(peer);
      case 10:
        return tell_candidate_line(peer);
      case 11:
        return forge_request(peer);
      case 12:
        return forge_response(peer);
      case 13:
        return answer_as_server();
      case 14:
        return send_data(peer);
      case 15:
        return end(peer, input_.u8());
    }
  }

  Peer& other(const Peer& peer) { return &peer == &a_ ? b_ : a_; }

  void gather(Peer& peer) {
    const IpAddress all[] = {IpAddress::v4(192, 0, 2, peer.last_octet),
                             *IpAddress::parse("2001:db8::1"), *IpAddress::parse("fe80::1"),
                             IpAddress::v4(192, 0, 2, 9)};
    const std::size_t count = 1 + input_.u8() % 4;
    peer.agent.gather(now_, std::span(all).first(count));
    drain(peer);
  }

  void introduce(Peer& peer) {
    const bool lite = input_.u8() == 0xff;
    Parameters parameters = other(peer).agent.local_parameters();
    parameters.lite = parameters.lite || lite;
    peer.agent.set_remote_parameters(now_, parameters);
    drain(peer);
  }

  // --- packets on their way

  std::optional<Datagram> take(std::size_t index) {
    if (in_flight_.empty()) return std::nullopt;
    const auto at = in_flight_.begin() + static_cast<std::ptrdiff_t>(index % in_flight_.size());
    Datagram datagram = std::move(*at);
    in_flight_.erase(at);
    return datagram;
  }

  void carry(std::size_t index) {
    if (const auto datagram = take(index)) arrive(*datagram);
  }

  void carry_all() {
    for (std::size_t count = in_flight_.size(); count > 0; --count) carry(0);
  }

  void lose(std::size_t index) { take(index); }

  /// One byte of a packet becomes another; if it is still a message it is now and then signed
  /// again.
  void bend(std::size_t index) {
    auto datagram = take(index);
    if (!datagram || datagram->bytes.empty()) return;
    const std::uint16_t at = input_.u16();
    datagram->bytes[at % datagram->bytes.size()] = input_.u8();
    if (at & 0x8000) sign_again(*datagram);
    arrive(*datagram);
  }

  void sign_again(Datagram& datagram) {
    ByteVector plain = datagram.bytes;
    if (plain.size() < 20) return;                          // what is asked of routers is shorter
    if (plain.size() > 28) plain.resize(plain.size() - 8);  // without the FINGERPRINT
    store_u16(plain.data() + 2, static_cast<std::uint16_t>(plain.size() - 20));
    const auto message = stun::MessageView::parse(plain);
    if (!message) return;
    ByteVector buffer(2048);
    stun::MessageBuilder builder(buffer, message->message_class(), message->method(),
                                 message->transaction_id());
    message->for_each([&](const stun::AttributeView& attribute) {
      if (attribute.type != stun::AttributeType::message_integrity)
        builder.add(attribute.type, attribute.value);
    });
    // A request is signed with the receiver's password, an answer with the sender's.
    const Peer* receiver = owner(datagram.to);
    if (!receiver) return;
    const bool request = message->message_class() == stun::Class::request;
    const Peer& signer = request ? *receiver : other(*receiver);
    builder.add_message_integrity(stun::short_term_key(signer.agent.local_credentials().pwd))
        .add_fingerprint();
    datagram.bytes = copy_of(builder.finish());
  }

  Peer* owner(const TransportAddress& address) {
    for (Peer* peer : {&a_, &b_})
      for (const auto& [id, local] : peer->sockets)
        if (local == address) return peer;
    return nullptr;
  }

  void arrive(const Datagram& datagram) {
    Peer* peer = owner(datagram.to);
    if (!peer) return;
    for (const auto& [id, local] : peer->sockets)
      if (local == datagram.to) return give(*peer, id, datagram.from, datagram.bytes);
  }

  /// To one of the peer's sockets.
  void deliver(Peer& peer, const TransportAddress& from, Bytes bytes) {
    if (peer.sockets.empty()) return;
    auto socket = peer.sockets.begin();
    std::advance(socket, input_.u8() % peer.sockets.size());
    give(peer, socket->first, from, bytes);
  }

  void give(Peer& peer, SocketId socket, const TransportAddress& from, Bytes bytes) {
    ByteVector buffer(datagram_headroom + bytes.size() + datagram_tailroom);
    std::ranges::copy(bytes, buffer.begin() + datagram_headroom);
    const MutableBytes datagram = MutableBytes(buffer).subspan(datagram_headroom, bytes.size());
    const auto received = peer.agent.handle_datagram(now_, socket, from, datagram);
    if (received) {
      require(!peer.closed, "nothing is received after close()");
      require(
          received->component.component >= 1 && received->component.component <= peer.components,
          "a component is one");
      for (const std::uint8_t byte : received->data) sum_ += byte;
    }
    drain(peer);
  }

  // --- what an attacker, or a strange peer, says

  /// A check that is authentic but says what it likes, from where it likes.
  void forge_request(Peer& peer) {
    const TransportAddress from = input_.address();
    const std::uint8_t choice = input_.u8();
    ByteVector buffer(512);
    stun::MessageBuilder builder(buffer, stun::Class::request, stun::Method::binding,
                                 stun::TransactionId{{input_.u8()}});
    const std::string user = peer.agent.local_credentials().ufrag + ":x";
    if (!(choice & 1)) builder.add(stun::Username{user});
    if (!(choice & 2)) builder.add(stun::PriorityAttribute{input_.u32()});
    if (choice & 4) builder.add(stun::IceControlling{choice & 0x40 ? ~std::uint64_t{0} : 0});
    if (choice & 8) builder.add(stun::IceControlled{choice & 0x40 ? ~std::uint64_t{0} : 0});
    if (choice & 16) builder.add(stun::UseCandidate{});
    if (!(choice & 32))
      builder.add_message_integrity(stun::short_term_key(peer.agent.local_credentials().pwd));
    if (choice & 128) builder.add_fingerprint();
    deliver(peer, from, builder.finish());
  }

  /// An answer to the last check of this peer that is on its way, as its partner would sign it.
  void forge_response(Peer& peer) {
    const auto request =
        std::find_if(in_flight_.rbegin(), in_flight_.rend(), [&](const Datagram& datagram) {
          return owner(datagram.from) == &peer && stun::looks_like_stun(datagram.bytes);
        });
    if (request == in_flight_.rend()) return;
    const Datagram asked = *request;
    const auto message = stun::MessageView::parse(asked.bytes);
    if (!message || message->message_class() != stun::Class::request) return;
    const std::uint8_t choice = input_.u8();
    ByteVector buffer(512);
    const auto answer = choice & 1 ? stun::Class::error_response : stun::Class::success_response;
    stun::MessageBuilder builder(buffer, answer, stun::Method::binding, message->transaction_id());
    if (choice & 1)
      builder.add(stun::ErrorCode{choice & 2 ? std::uint16_t{487} : std::uint16_t{400}, {}});
    if (!(choice & 4))
      builder.add(stun::XorMappedAddress{choice & 8 ? input_.address() : asked.from});
    const std::string password = other(peer).agent.local_credentials().pwd;
    if (!(choice & 16)) builder.add_message_integrity(stun::short_term_key(password));
    const TransportAddress from = choice & 32 ? input_.address() : asked.to;
    arrive({from, asked.from, copy_of(builder.finish())});
  }

  /// A gateway's description is at the router, or wherever the input has it.
  bool answer_to_search() {
    const auto found = std::ranges::find(in_flight_, portmap::ssdp_group, &Datagram::to);
    if (found == in_flight_.end()) return false;
    const TransportAddress asking = found->from;
    in_flight_.erase(found);
    const std::string_view place =
        input_.u8() & 1 ? "203.0.113.3/d.xml" : as_text(input_.bytes(12));
    const std::string text =
        "HTTP/1.1 200 OK\r\nLOCATION: http://" + std::string(place) + "\r\n\r\n";
    arrive({{router.ip, 1900}, asking, copy_of(as_bytes(text))});
    return true;
  }

  /// Over HTTP; sometimes not at all.
  void answer(Peer& peer, const AskRouter& asked) {
    require(asked.request.server.ip == router.ip, "nobody but the router is asked");
    const std::uint8_t choice = input_.u8() % 6;
    if (choice == 0) return;
    portmap::HttpOutcome outcome = std::unexpected("refused");
    if (choice == 1) outcome = portmap::HttpAnswer{200, std::string(as_text(input_.bytes(16)))};
    if (choice == 2)
      outcome = portmap::HttpAnswer{
          200,
          "<root><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1"
          "</serviceType><controlURL>/c</controlURL></service></root>"};
    if (choice == 3)
      outcome = portmap::HttpAnswer{
          200, "<a><NewExternalIPAddress>203.0.113.9</NewExternalIPAddress></a>"};
    if (choice == 4) outcome = portmap::HttpAnswer{500, "<a><errorCode>718</errorCode></a>"};
    peer.agent.handle_router_answer(now_, asked.id, outcome);
  }

  /// What it was asked, as an answer, with as many bytes of the input's as it likes.
  bool answer_as_router() {
    if (answer_to_search()) return true;
    const auto found = std::ranges::find(in_flight_, router, &Datagram::to);
    if (found == in_flight_.end()) return false;
    Datagram answer{found->to, found->from, found->bytes};
    in_flight_.erase(found);
    answer.bytes[1] |= 0x80;
    if (answer.bytes.size() == 60) answer.bytes[3] = answer.bytes[51] = 0;
    for (int changes = input_.u8() % 8; changes > 0; --changes)
      answer.bytes[input_.u8() % answer.bytes.size()] = input_.u8();
    answer.bytes.resize(answer.bytes.size() + input_.u8() % 8);
    arrive(answer);
    return true;
  }

  /// The STUN and TURN server answers one of the requests on their way to it, by itself or as the
  /// input wishes.
  void answer_as_server() {
    if (answer_as_router()) return;
    const auto found = std::ranges::find_if(in_flight_, [](const Datagram& datagram) {
      return datagram.to == server || datagram.to == stun_server;
    });
    if (found == in_flight_.end()) return;
    const Datagram asked = *found;
    in_flight_.erase(found);
    const auto request = stun::MessageView::parse(asked.bytes);
    const std::uint8_t choice = input_.u8();
    if (!request || request->message_class() != stun::Class::request)
      return indicate(asked, choice);
    const bool is_signed = request->has(stun::AttributeType::message_integrity);
    const bool binding = request->method() == stun::Method::binding;
    if ((!is_signed && !binding) || choice % 8 == 7) return challenge(asked, *request, choice);
    if (choice % 8 == 6) return refuse(asked, *request);
    ByteVector buffer(1024);
    stun::MessageBuilder builder(buffer, stun::Class::success_response, request->method(),
                                 request->transaction_id());
    builder.add(stun::XorMappedAddress{choice & 16 ? input_.address() : asked.from});
    if (request->method() == stun::Method::allocate)
      builder.add(stun::XorRelayedAddress{choice & 32 ? input_.address()
                                                      : TransportAddress{server.ip, 50'000}});
    if (!binding) builder.add(stun::LifetimeAttribute{choice & 64 ? input_.u32() : 600});
    if (!binding) builder.add_message_integrity(key());
    arrive({asked.to, asked.from, copy_of(builder.finish())});
    if (choice % 8 == 5) offer_connection(asked);
  }

  /// Of a relay that takes TCP: somebody has connected to it.
  void offer_connection(const Datagram& asked) {
    ByteVector buffer(128);
    stun::MessageBuilder builder(buffer, stun::Class::indication, stun::Method::connection_attempt,
                                 {});
    builder.add(stun::ConnectionId{input_.u8()}).add(stun::XorPeerAddress{input_.address()});
    arrive({asked.to, asked.from, copy_of(builder.finish())});
  }

  static stun::Key key() {
    return stun::long_term_key(stun::PasswordAlgorithmNumber::md5, "alice", "stile", "secret");
  }

  void challenge(const Datagram& asked, const stun::MessageView& request, std::uint8_t choice) {
    ByteVector buffer(1024);
    stun::MessageBuilder builder(buffer, stun::Class::error_response, request.method(),
                                 request.transaction_id());
    builder.add(stun::ErrorCode{choice & 8 ? std::uint16_t{438} : std::uint16_t{401}, {}});
    builder.add(stun::Realm{"stile"}).add(stun::Nonce{choice & 16 ? "obMatJos2gAAA" : "nonce"});
    if (choice & 32)
      builder.add(stun::AttributeType::password_algorithms, input_.bytes(input_.u8() % 16));
    arrive({asked.to, asked.from, copy_of(builder.finish())});
  }

  void refuse(const Datagram& asked, const stun::MessageView& request) {
    ByteVector buffer(1024);
    stun::MessageBuilder builder(buffer, stun::Class::error_response, request.method(),
                                 request.transaction_id());
    const auto number = static_cast<std::uint16_t>(300 + input_.u16() % 400);
    builder.add(stun::ErrorCode{number, as_text(input_.bytes(input_.u8() % 16))});
    builder.add_message_integrity(key());
    arrive({asked.to, asked.from, copy_of(builder.finish())});
  }

  /// Something comes through the relay: what the other agent sent last, or bytes.
  void indicate(const Datagram& asked, std::uint8_t choice) {
    const ByteVector data =
        choice & 1 && !in_flight_.empty() ? in_flight_.back().bytes : copy_of(input_.bytes(8));
    ByteVector buffer(2048);
    stun::MessageBuilder builder(buffer, stun::Class::indication, stun::Method::data, {});
    builder.add(stun::XorPeerAddress{input_.address()}).add(stun::DataAttribute{data});
    arrive({asked.to, asked.from, copy_of(builder.finish())});
  }

  void tell_candidate(Peer& peer) {
    Candidate candidate;
    candidate.foundation = std::to_string(input_.u8() % 4);
    const std::uint8_t where = input_.u8();
    candidate.component = where % 4;
    candidate.stream = where / 4 % 4;
    candidate.priority = input_.u32();
    candidate.address = input_.address();
    candidate.type = static_cast<CandidateType>(input_.u8() % 4);
    tell(peer, candidate);
  }

  void tell_candidate_line(Peer& peer) {
    const auto candidate = Candidate::parse(as_text(input_.bytes(input_.u8())));
    if (!candidate) return;
    require(Candidate::parse(candidate->to_string()) == candidate,
            "a candidate is read as it is printed");
    tell(peer, *candidate);
  }

  void tell(Peer& peer, const Candidate& candidate) {
    peer.agent.add_remote_candidate(now_, candidate);
    drain(peer);
  }

  void send_data(Peer& peer) {
    const std::size_t size = input_.u8();
    ByteVector buffer(datagram_headroom + size + datagram_tailroom);
    const MutableBytes data = MutableBytes(buffer).subspan(datagram_headroom, size);
    const std::uint8_t where = input_.u8();
    const ComponentId component(where / 4 % 4, where % 4);
    const auto ready = peer.agent.send(now_, component, data);
    if (!ready) return;
    require(!peer.closed, "nothing is sent after close()");
    sent(peer, ready->from, ready->to, ready->datagram);
  }

  void end(Peer& peer, std::uint8_t choice) {
    if (choice % 4 == 0) return close(peer);
    if (choice == 0xfe) return restart(peer);
    if (choice == 0xfd) return disconnect(peer);
    if (choice == 0xfb) return move(peer);
    peer.agent.end_of_remote_candidates(now_);
    drain(peer);
  }

  void disconnect(Peer& peer) {
    const auto connection = std::ranges::find_if(
        peer.sockets, [](const auto& each) { return each.second.port >= 6000; });
    if (connection == peer.sockets.end()) return;
    const SocketId id = connection->first;
    peer.sockets.erase(connection);
    peer.agent.handle_disconnected(now_, id, "gone");
    drain(peer);
  }

  /// The host has other addresses now, perhaps none.
  void move(Peer& peer) {
    const IpAddress all[] = {IpAddress::v4(192, 0, 2, peer.last_octet),
                             *IpAddress::parse("2001:db8::1"), *IpAddress::parse("2001:db8::2"),
                             IpAddress::v4(192, 0, 2, 9), IpAddress::v4(198, 51, 100, 9)};
    const std::uint8_t which = input_.u8();
    std::vector<IpAddress> now_there;
    for (std::size_t i = 0; i < std::size(all); ++i)
      if (which >> i & 1) now_there.push_back(all[i]);
    peer.agent.handle_local_addresses(now_, now_there);
    drain(peer);
  }

  void restart(Peer& peer) {
    const IpAddress all[] = {IpAddress::v4(192, 0, 2, peer.last_octet),
                             *IpAddress::parse("2001:db8::2")};
    peer.agent.restart(now_, std::span(all).first(1 + input_.u8() % 2));
    drain(peer);
  }

  void close(Peer& peer) {
    peer.agent.close(now_);
    drain(peer);
    peer.closed = true;
    require(peer.sockets.empty(), "close() closes the sockets");
    require(peer.agent.poll_timeout() == never, "nothing is waited for after close()");
  }

  // --- time

  void wake() {
    const Instant next = std::min(a_.agent.poll_timeout(), b_.agent.poll_timeout());
    if (next == never) return;
    now_ = std::max(now_, next);
    time_is_now();
  }

  void pass(Duration duration) {
    now_ += duration;
    time_is_now();
  }

  void time_is_now() {
    for (Peer* peer : {&a_, &b_}) {
      for (int rounds = 0; peer->agent.poll_timeout() <= now_; ++rounds) {
        require(rounds < 8, "an agent that was woken sleeps");
        peer->agent.handle_timeout(now_);
        drain(*peer);
      }
    }
  }

  // --- what the agents want

  void drain(Peer& peer) {
    for (bool more = true; more;) {
      more = false;
      while (const auto command = peer.agent.poll_command()) {
        more = true;
        obey(peer, *command);
      }
      while (const auto event = peer.agent.poll_event()) {
        more = true;
        note(peer, *event);
      }
    }
    check(peer);
  }

  void obey(Peer& peer, const Command& command) {
    require(!peer.closed, "nothing is asked after close()");
    if (const auto* open = std::get_if<OpenSocket>(&command)) {
      if (input_.u8() == 0xff)
        return peer.agent.handle_socket_opened(now_, open->id, std::unexpected("no"));
      const TransportAddress local{open->local.ip,
                                   static_cast<std::uint16_t>(5000 + open->id.value)};
      peer.sockets[open->id] = local;
      peer.agent.handle_socket_opened(now_, open->id, local);
    } else if (const auto* connect = std::get_if<OpenConnection>(&command)) {
      if (input_.u8() == 0xff)
        return peer.agent.handle_socket_opened(now_, connect->id, std::unexpected("no"));
      const TransportAddress local{IpAddress::v4(192, 0, 2, peer.last_octet),
                                   static_cast<std::uint16_t>(6000 + connect->id.value)};
      peer.sockets[connect->id] = local;
      peer.agent.handle_socket_opened(now_, connect->id, local);
    } else if (const auto* listen = std::get_if<OpenListener>(&command)) {
      if (input_.u8() == 0xff)
        return peer.agent.handle_socket_opened(now_, listen->id, std::unexpected("no"));
      const TransportAddress local{listen->local.ip,
                                   static_cast<std::uint16_t>(7000 + listen->id.value)};
      peer.sockets[listen->id] = local;
      peer.agent.handle_socket_opened(now_, listen->id, local);
      if (input_.u8() < 0x40)
        if (const auto id = peer.agent.handle_accepted(now_, listen->id, input_.address()))
          peer.sockets[*id] = local;
    } else if (const auto* stream = std::get_if<ConnectToPeer>(&command)) {
      if (input_.u8() < 0x40)
        return peer.agent.handle_socket_opened(now_, stream->id, std::unexpected("no"));
      const TransportAddress local{stream->local.ip,
                                   static_cast<std::uint16_t>(8000 + stream->id.value)};
      peer.sockets[stream->id] = local;
      peer.agent.handle_socket_opened(now_, stream->id, local);
    } else if (const auto* close_socket = std::get_if<CloseSocket>(&command)) {
      require(peer.sockets.erase(close_socket->id) == 1, "an open socket is closed");
    } else if (const auto* asked = std::get_if<AskRouter>(&command)) {
      answer(peer, *asked);
    } else if (const auto* send = std::get_if<SendDatagram>(&command)) {
      require(send->to == router || send->to == portmap::ssdp_group ||
                  stun::looks_like_stun(send->bytes) || stun::ChannelData::parse(send->bytes),
              "an agent speaks STUN or ChannelData");
      if (send->to != router && stun::looks_like_stun(send->bytes))
        require(stun::MessageView::parse(send->bytes).has_value(), "its messages are well-formed");
      sent(peer, send->from, send->to, send->bytes);
    }
  }

  void sent(Peer& peer, SocketId from, const TransportAddress& to, Bytes bytes) {
    const auto socket = peer.sockets.find(from);
    require(socket != peer.sockets.end(), "it leaves by an open socket");
    for (const std::uint8_t byte : bytes) sum_ += byte;
    if (in_flight_.size() < max_in_flight)
      in_flight_.push_back({socket->second, to, copy_of(bytes)});
  }

  void note(Peer& peer, const Event& event) {
    if (const auto* found = std::get_if<LocalCandidateFound>(&event)) {
      require(Candidate::parse(found->candidate.to_string()).has_value(),
              "its candidates can be told");
      if (input_.u8() & 1) other(peer).agent.add_remote_candidate(now_, found->candidate);
    } else if (const auto* selected = std::get_if<PairSelected>(&event)) {
      require(
          selected->component.component >= 1 && selected->component.component <= peer.components,
          "a component is one");
    }
  }

  void check(Peer& peer) {
    std::size_t pairs = 0;
    std::set<ComponentId> selected;
    peer.agent.for_each_pair([&](const PairReport& report) {
      ++pairs;
      require(report.local.component == report.remote.component, "a pair is of one component");
      require(report.local.stream == report.remote.stream, "and of one stream");
      require(!report.selected || report.valid, "a selected pair is valid");
      const ComponentId component(report.local.stream, report.local.component);
      require(!report.selected || selected.insert(component).second, "a component has one pair");
    });
    require(pairs <= max_pairs, "pairs are limited");
  }

  Input input_;
  Peer a_, b_;
  Instant now_{};
  std::deque<Datagram> in_flight_;
  unsigned sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World(Input({data, size})).run();
  return 0;
}
