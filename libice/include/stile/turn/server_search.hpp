#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "stile/base/random.hpp"
#include "stile/turn/dns.hpp"
#include "stile/turn/uri.hpp"

namespace stile::turn {

/// A server that may be tried.
struct ServerPlace {
  Transport transport = Transport::udp;
  TransportAddress address;
  friend bool operator==(const ServerPlace&, const ServerPlace&) = default;
};

/// Finds the places that a URI stands for, in the order to try them: TURN by RFC 5928 (with DTLS,
/// RFC 7350 §4.6.2), STUN over UDP by RFC 8489 §8.1. It asks no DNS itself: questions are taken
/// with poll_question(), answers given to handle_answer(), in any order.
class ServerSearch {
 public:
  ServerSearch(ServerUri uri, Random& random);

  /// What can be asked is asked at once: an answer that is not needed costs less than a wait.
  std::optional<dns::Question> poll_question();
  /// One for each question; empty if no answer has come in time.
  void handle_answer(const dns::Question& question, dns::Answer answer);
  /// Whether nothing is missing any more; questions may be open that turned out not to matter.
  bool is_over() const { return missing_.empty(); }
  /// Those known so far. None when it is over: there is no such server.
  const std::vector<ServerPlace>& places() const { return places_; }

 private:
  using Transports = std::vector<Transport>;

  void walk();
  void find_by_name();
  void find_service(Transport transport);
  bool follow_naptr(const std::string& name, const Transports& transports, unsigned depth);
  bool follow_srv(const std::string& service_name, Transport transport);
  void find_hosts(const std::string& name, std::uint16_t port, Transport transport);
  void add(Transport transport, const TransportAddress& address);
  const dns::Answer* answer_to(dns::RecordType type, const std::string& name);
  void ask(dns::Question question);
  Transports transports(bool by_naptr) const;
  std::string service_name(Transport transport) const;

  const ServerUri uri_;
  Random& random_;
  std::vector<dns::Question> to_ask_;
  std::set<dns::Question> asked_;
  std::set<dns::Question> missing_;
  std::map<dns::Question, dns::Answer> answers_;
  unsigned names_followed_ = 0;
  std::vector<ServerPlace> places_;
};

}  // namespace stile::turn
