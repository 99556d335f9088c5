#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "stile/stun/attributes.hpp"
#include "stile/turn/client.hpp"

namespace stile::turn::test {

using namespace std::chrono_literals;
using stun::Method;

inline const TransportAddress server_address = *TransportAddress::parse("198.51.100.1:3478");
inline const TransportAddress relayed = *TransportAddress::parse("198.51.100.1:50000");
inline const TransportAddress relayed_v6 = *TransportAddress::parse("[2001:db8::1]:50000");
inline const TransportAddress mapped = *TransportAddress::parse("203.0.113.9:40000");
inline const TransportAddress peer_a = *TransportAddress::parse("192.0.2.10:7000");
inline const TransportAddress peer_b = *TransportAddress::parse("192.0.2.20:7000");

/// A message that the client sent.
struct Request {
  Instant at;
  ByteVector bytes;

  stun::MessageView view() const { return stun::MessageView::parse(bytes).value(); }
  bool is(Method method) const { return view().is(stun::Class::request, method); }
  bool has(stun::AttributeType type) const { return view().has(type); }
  /// The attribute; the test fails if it is not there.
  template <class Attribute>
  Attribute get() const {
    return view().get<Attribute>().value();
  }
  std::vector<TransportAddress> peers() const;
};

/// A TURN server by what it says: it challenges, checks credentials, and grants everything, unless
/// it is told otherwise.
struct Server {
  std::string realm = "example.org";
  std::string nonce = "nonce-1";
  std::string password = "secret";
  std::uint32_t lifetime = 600;
  TransportAddress relayed_address = relayed;
  std::vector<stun::PasswordAlgorithmEntry> algorithms;  ///< offered; the first is what it uses
  std::map<Method, std::uint16_t> errors;                ///< what is refused, and how
  bool silent = false;

  std::optional<ByteVector> answer(const Request& request) const;
  ByteVector challenge(const Request& request, std::uint16_t error) const;
  ByteVector success(const Request& request) const;
  ByteVector error(const Request& request, std::uint16_t number,
                   std::string_view reason = {}) const;
  stun::Key key() const;

  std::optional<std::uint16_t> objection(const Request& request) const;
  void add_integrity(stun::MessageBuilder& builder) const;
};

/// The client with its server, on a clock that the test moves.
class Bench {
 public:
  explicit Bench(Config config = usual_config());
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  static Config usual_config();

  void allocate();
  void permit(const IpAddress& peer);
  void bind_channel(const TransportAddress& peer);
  void close();
  std::optional<Received> deliver(Bytes datagram);
  /// Wakes the client whenever it wants to be woken on the way.
  void forward(Duration time);

  /// All requests of this method, in order.
  std::vector<Request> requests(Method method) const;
  const Request& last() const { return sent.back(); }
  /// The last event, if it is of this kind, else the test fails.
  template <class Kind>
  Kind last_event() const {
    REQUIRE_FALSE(events.empty());
    REQUIRE(std::holds_alternative<Kind>(events.back()));
    return std::get<Kind>(events.back());
  }

  Instant now{};
  Server server;
  std::vector<Request> sent;
  std::vector<Event> events;

 private:
  void drain();
  SeededRandom random_{1};

 public:
  Client client;
};

}  // namespace stile::turn::test
