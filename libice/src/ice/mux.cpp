#include "stile/ice/mux.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "stile/stun/attributes.hpp"
#include "stile/stun/message_view.hpp"

namespace stile::ice {

namespace {

/// No response is worth anything after it: Rm and Rc of RFC 8489 §6.2.1 together take 39.5 s.
constexpr Duration transaction_life = std::chrono::seconds(40);
constexpr std::size_t ufrags_of_agent = 2;  ///< Limit: now, and before its last restart

}  // namespace

MuxCounters& MuxCounters::operator+=(const MuxCounters& other) {
  unknown_ufrag += other.unknown_ufrag;
  unknown_response += other.unknown_response;
  unknown_address += other.unknown_address;
  malformed += other.malformed;
  return *this;
}

/// Its bits are random already.
std::size_t Mux::IdHash::operator()(const stun::TransactionId& id) const noexcept {
  std::size_t hash;
  static_assert(sizeof hash <= sizeof id.bytes);
  std::memcpy(&hash, id.bytes.data(), sizeof hash);
  return hash;
}

bool Mux::add(Owner owner, std::string_view ufrag) {
  const auto known = owners_.find(owner);
  if (known == owners_.end() && owners_.size() >= limits_.owners) return false;
  const auto [place, is_new] = ufrags_.try_emplace(std::string(ufrag), owner);
  if (!is_new) return place->second == owner;
  auto& names = owners_[owner].ufrags;
  names.emplace_back(ufrag);
  if (names.size() <= ufrags_of_agent) return true;
  ufrags_.erase(names.front());
  names.erase(names.begin());
  return true;
}

void Mux::remove(Owner owner) {
  const auto agent = owners_.find(owner);
  if (agent == owners_.end()) return;
  for (const std::string& ufrag : agent->second.ufrags) ufrags_.erase(ufrag);
  for (const TransportAddress& address : agent->second.addresses) peers_.erase(address);
  owners_.erase(agent);
}

// RFC 7983 §7: what is STUN is told from the rest by its first byte, and by its cookie.
std::optional<Mux::Owner> Mux::owner_of(const TransportAddress& from, Bytes datagram) {
  if (!stun::looks_like_stun(datagram)) return by_address(from);
  switch (stun::class_of(load_u16(datagram.data()))) {
    case stun::Class::request:
      return by_ufrag(datagram);
    case stun::Class::indication:
      return by_address(from);
    case stun::Class::success_response:
    case stun::Class::error_response:
      break;
  }
  return by_transaction(from, datagram);
}

/// The user name is "ours:theirs" (RFC 8445 §7.2.2).
std::optional<Mux::Owner> Mux::by_ufrag(Bytes request) {
  const auto message = stun::MessageView::parse(request);
  const auto username = message ? message->get<stun::Username>()
                                : std::unexpected(stun::ParseError::attribute_absent);
  if (!username) {
    ++counters_.malformed;
    return std::nullopt;
  }
  const auto found = ufrags_.find(username->text.substr(0, username->text.find(':')));
  if (found != ufrags_.end()) return found->second;
  ++counters_.unknown_ufrag;
  return std::nullopt;
}

/// A response whose agent has gone counts for nobody. One from another address than was asked is
/// for the agent to judge (RFC 8445 §7.2.5.2.1).
std::optional<Mux::Owner> Mux::by_transaction(const TransportAddress& from, Bytes response) {
  const auto message = stun::MessageView::parse(response);
  if (!message) {
    ++counters_.malformed;
    return std::nullopt;
  }
  for (Transactions* transactions : {&young_, &old_}) {
    const auto found = transactions->find(message->transaction_id());
    if (found == transactions->end()) continue;
    const Asked asked = found->second;
    if (!owners_.contains(asked.owner)) break;
    const bool by_peer = message->has(stun::AttributeType::message_integrity);
    if (message->message_class() == stun::Class::success_response && by_peer && from == asked.to)
      bind(asked.owner, from, true);
    return asked.owner;
  }
  ++counters_.unknown_response;
  return std::nullopt;
}

std::optional<Mux::Owner> Mux::by_address(const TransportAddress& from) {
  const auto found = peers_.find(from);
  if (found != peers_.end()) return found->second.owner;
  ++counters_.unknown_address;
  return std::nullopt;
}

void Mux::note_sent(Instant now, Owner owner, const TransportAddress& to, Bytes datagram) {
  if (!stun::looks_like_stun(datagram) || !owners_.contains(owner)) return;
  stun::TransactionId id;
  std::ranges::copy(datagram.subspan(8, id.bytes.size()), id.bytes.begin());
  const std::uint16_t type = load_u16(datagram.data());
  if (stun::method_of(type) != stun::Method::binding) return;
  switch (stun::class_of(type)) {
    case stun::Class::request:
      return note_request(now, owner, to, id);
    case stun::Class::success_response:
      return bind(owner, to, false);
    case stun::Class::indication:
    case stun::Class::error_response:
      return;
  }
}

void Mux::note_request(Instant now, Owner owner, const TransportAddress& to,
                       const stun::TransactionId& id) {
  if (now - young_since_ >= transaction_life || young_.size() >= limits_.transactions / 2) {
    old_ = std::exchange(young_, {});
  }
  if (young_.empty()) young_since_ = now;
  young_.insert_or_assign(id, Asked{owner, to});
}

void Mux::bind(Owner owner, const TransportAddress& peer, bool round_trip) {
  const auto known = peers_.find(peer);
  if (known != peers_.end()) {
    if (known->second.owner == owner) {
      known->second.round_trip = known->second.round_trip || round_trip;
      return;
    }
    if (known->second.round_trip && !round_trip) return;
    unbind(known->second.owner, peer);
  }
  auto& addresses = owners_[owner].addresses;
  if (addresses.size() >= limits_.addresses_of_owner)
    unbind(owner, TransportAddress(addresses.front()));
  addresses.push_back(peer);
  peers_.insert_or_assign(peer, Peer{owner, round_trip});
}

void Mux::unbind(Owner owner, const TransportAddress& peer) {
  std::erase(owners_[owner].addresses, peer);
  peers_.erase(peer);
}

}  // namespace stile::ice
