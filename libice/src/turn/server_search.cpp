#include "stile/turn/server_search.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "turn/srv_order.hpp"

namespace stile::turn {

namespace {

using dns::RecordType;

// Limits: what a hostile zone can make of one URI.
constexpr std::size_t most_questions = 32;
constexpr std::size_t most_records = 32;  ///< of one answer
constexpr std::size_t most_places = 16;
constexpr unsigned most_referrals = 5;  ///< of one NAPTR record to the next
constexpr unsigned most_names = 64;     ///< that are looked up for NAPTR records in one walk

/// Names are compared without regard to case (RFC 4343), and with no dot at their end.
std::string normal(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  if (name.ends_with('.')) name.pop_back();
  return name;
}

/// Application protocol tags (RFC 5928 §6.2-6.4, RFC 7350 §6.1).
std::string_view tag_of(Transport transport) {
  switch (transport) {
    case Transport::udp:
      return "turn.udp";
    case Transport::tcp:
      return "turn.tcp";
    case Transport::tls:
      return "turn.tls";
    case Transport::dtls:
      return "turn.dtls";
  }
  return {};
}

/// RFC 6761 §6.3: what nobody needs to be asked for.
std::optional<dns::Answer> answer_of_localhost(const dns::Question& question) {
  if (question.name != "localhost" && !question.name.ends_with(".localhost")) return std::nullopt;
  dns::Answer answer;
  if (question.type == RecordType::a) answer.addresses = {*IpAddress::parse("127.0.0.1")};
  if (question.type == RecordType::aaaa) answer.addresses = {*IpAddress::parse("::1")};
  return answer;
}

std::uint16_t default_port(Transport transport) {
  return transport == Transport::tls || transport == Transport::dtls ? 5349 : 3478;
}

/// "RELAY:turn.udp:turn.tcp" (RFC 5928 §4.1).
bool offers(const dns::Naptr& record, Transport transport) {
  const std::string service = normal(record.service);
  bool is_relay = false;
  for (const auto part : std::views::split(service, ':')) {
    const std::string_view word(part.begin(), part.end());
    if (!is_relay && word != "relay") return false;
    is_relay = true;
    if (word == tag_of(transport)) return true;
  }
  return false;
}

}  // namespace

ServerSearch::ServerSearch(ServerUri uri, Random& random) : uri_(std::move(uri)), random_(random) {
  if (!IpAddress::parse(uri_.host) && !uri_.port_given) {
    if (uri_.relays && !uri_.transport_given) ask({RecordType::naptr, normal(uri_.host)});
    for (const Transport transport : transports(false))
      ask({RecordType::srv, service_name(transport)});
  }
  if (!IpAddress::parse(uri_.host))
    for (const RecordType type : {RecordType::a, RecordType::aaaa}) ask({type, normal(uri_.host)});
  walk();
}

/// The list of RFC 5928 §3 in our order, without what the URI leaves out: by NAPTR `turn:` may be
/// TLS and DTLS, too. STUN is asked over UDP.
ServerSearch::Transports ServerSearch::transports(bool by_naptr) const {
  if (uri_.transport_given || !uri_.relays) return {uri_.transport()};
  if (uri_.secure) return {Transport::tls, Transport::dtls};
  if (!by_naptr) return {Transport::udp, Transport::tcp};
  return {Transport::udp, Transport::tcp, Transport::dtls, Transport::tls};
}

std::string ServerSearch::service_name(Transport transport) const {
  const bool is_udp = transport == Transport::udp || transport == Transport::dtls;
  const std::string service = uri_.relays ? "_turn" : "_stun";
  return service + (uri_.secure ? "s" : "") + (is_udp ? "._udp." : "._tcp.") + normal(uri_.host);
}

std::optional<dns::Question> ServerSearch::poll_question() {
  if (to_ask_.empty()) return std::nullopt;
  dns::Question next = std::move(to_ask_.front());
  to_ask_.erase(to_ask_.begin());
  return next;
}

void ServerSearch::handle_answer(const dns::Question& question, dns::Answer answer) {
  if (!asked_.contains(question) || answers_.contains(question)) return;
  if (answer.srv.size() > most_records) answer.srv.resize(most_records);
  if (answer.naptr.size() > most_records) answer.naptr.resize(most_records);
  dns::put_in_order(answer.srv, random_);
  std::ranges::stable_sort(answer.naptr, {}, [](const dns::Naptr& each) {
    return std::pair(each.order, each.preference);
  });
  answers_.emplace(question, std::move(answer));
  walk();
}

/// From the beginning, by all that is known; what is not known is missing.
void ServerSearch::walk() {
  places_.clear();
  missing_.clear();
  names_followed_ = 0;
  if (const auto address = IpAddress::parse(uri_.host))
    return add(uri_.transport(), {*address, uri_.port});
  // RFC 5928 §3 step 2.
  if (uri_.port_given) return find_hosts(uri_.host, uri_.port, uri_.transport());
  find_by_name();
}

// RFC 5928 §3 steps 3 to 5.
void ServerSearch::find_by_name() {
  const bool by_naptr = uri_.relays && !uri_.transport_given;
  if (by_naptr && follow_naptr(uri_.host, transports(true), 0)) return;
  for (const Transport transport : transports(false)) find_service(transport);
}

// Deviation: RFC 5928 §3 step 5: where there is no SRV record, the host is tried by what the URI
// means to browsers alone, UDP or TLS: nothing says that it listens by others, and each try is an
// allocation.
void ServerSearch::find_service(Transport transport) {
  if (follow_srv(service_name(transport), transport)) return;
  if (transport == uri_.transport()) find_hosts(uri_.host, uri_.port, transport);
}

/// S-NAPTR (RFC 3958); whether there is such a record, or may be.
bool ServerSearch::follow_naptr(const std::string& name, const Transports& transports,
                                unsigned depth) {
  if (depth >= most_referrals || ++names_followed_ > most_names) return false;
  const dns::Answer* answer = answer_to(RecordType::naptr, name);
  if (!answer) return true;
  bool any = false;
  // Of the same rank, those that we prefer are first.
  const auto& records = answer->naptr;
  for (auto rank = records.begin(); rank != records.end();) {
    const auto end = std::find_if(rank, records.end(), [&](const dns::Naptr& each) {
      return std::pair(each.order, each.preference) != std::pair(rank->order, rank->preference);
    });
    for (const Transport transport : transports) {
      for (const dns::Naptr& record : std::ranges::subrange(rank, end)) {
        if (!offers(record, transport)) continue;
        any = true;
        const std::string flag = normal(record.flags);
        if (flag.empty())
          follow_naptr(record.replacement, {transport}, depth + 1);
        else if (flag == "s")
          follow_srv(record.replacement, transport);
        else if (flag == "a")
          find_hosts(record.replacement, default_port(transport), transport);
      }
    }
    rank = end;
  }
  return any;
}

/// Whether there is such a record, or may be.
bool ServerSearch::follow_srv(const std::string& name, Transport transport) {
  const dns::Answer* answer = answer_to(RecordType::srv, name);
  if (!answer) return true;
  for (const dns::Srv& record : answer->srv)
    // RFC 2782: a root target says that the service is decidedly not there.
    if (!normal(record.target).empty() && record.port != 0)
      find_hosts(record.target, record.port, transport);
  return !answer->srv.empty();
}

void ServerSearch::find_hosts(const std::string& name, std::uint16_t port, Transport transport) {
  for (const RecordType type : {RecordType::a, RecordType::aaaa})
    if (const dns::Answer* answer = answer_to(type, name))
      for (const IpAddress& address : answer->addresses) add(transport, {address, port});
}

void ServerSearch::add(Transport transport, const TransportAddress& address) {
  const ServerPlace place{transport, address};
  if (places_.size() < most_places && std::ranges::count(places_, place) == 0)
    places_.push_back(place);
}

const dns::Answer* ServerSearch::answer_to(RecordType type, const std::string& name) {
  static const dns::Answer nothing;
  const dns::Question question{type, normal(name)};
  if (const auto known = answers_.find(question); known != answers_.end()) return &known->second;
  ask(question);
  if (const auto known = answers_.find(question); known != answers_.end()) return &known->second;
  if (!asked_.contains(question)) return &nothing;
  missing_.insert(question);
  return nullptr;
}

void ServerSearch::ask(dns::Question question) {
  if (asked_.size() >= most_questions || !asked_.insert(question).second) return;
  if (auto known = answer_of_localhost(question)) {
    answers_.emplace(std::move(question), std::move(*known));
    return;
  }
  to_ask_.push_back(std::move(question));
}

}  // namespace stile::turn
