#include <algorithm>
#include <numeric>

#include "ice/impl.hpp"
#include "ice/priority.hpp"

// Where one NAT maps to another port for each destination, and the other one lets in only whom it
// was written to, no ordinary check arrives: neither peer knows the port that the other will see.
// So the peer behind the first opens many ports towards the other's one, and that one tries many
// ports, until it hits: with 256 of 64,512 open, 1,024 tries hit in 98 of 100 cases. What is sent
// are checks (RFC 8445 §7.2.2), what follows a hit is the ordinary procedure.

namespace stile::ice {

namespace {

constexpr unsigned first_port = 1024;
constexpr unsigned port_count = 65536 - first_port;
/// From one port that is guessed to the next: so many that each is visited once, and, being the
/// golden section of all, that those visited lie evenly. Many NATs give a host ports that are
/// neighbours, which random steps pass by in some cases in a hundred.
constexpr unsigned port_step = 39'871;
static_assert(std::gcd(port_step, port_count) == 1);
/// After the last port that was seen of a NAT which counts upward.
constexpr unsigned predicted_ports = 128;
/// By which the peer may begin later than we do.
constexpr Duration skew = std::chrono::milliseconds(300);
/// For how long opened sockets are kept, for the peer to find one.
constexpr Duration opened_for = std::chrono::seconds(20);

bool maps_independently(NatKind kind) {
  return kind == NatKind::independent;
}

}  // namespace

void Agent::Impl::spray(Instant now) {
  if (state == State::failed && spraying) end_spraying();
  if (now < next_spray) return;
  next_spray = never;
  if (!spraying) begin_spraying(now);
  if (!spraying) return;
  if (has_direct_path(spraying->component) || now >= spraying->ends) {
    end_spraying();
    next_spray = now;  // another component may want it
    return;
  }
  const unsigned limit = spraying->opens ? config.spraying.sockets : config.spraying.probes;
  next_spray = spraying->ends;
  if (now < spraying->begins) {
    next_spray = spraying->begins;
  } else if (spraying->sent < limit) {
    if (spraying->opens)
      open_for_peer();
    else
      probe_port(now);
    ++spraying->sent;
    next_spray = now + Duration(std::chrono::seconds(1)) / config.spraying.per_second;
  }
}

/// Something has become known that it needs: at once, if ordinary checks have had their time.
void Agent::Impl::plan_spraying() {
  if (config.hard_nats && began && !spraying)
    next_spray = std::min(next_spray, *began + config.spraying.grace);
}

bool Agent::Impl::has_direct_path(ComponentId number) const {
  return std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& pair) {
    return pair.component == number && pair.valid && !pair.relayed;
  });
}

/// Both want it, one NAT maps independently and the other does not: if ordinary checks could have
/// worked they would have by now.
void Agent::Impl::begin_spraying(Instant now) {
  if (state == State::failed || !remote || !remote->has_option(hard_nats_option)) return;
  for (std::size_t i = 0; i < components.size(); ++i) {
    const ComponentId number = component_at(i);
    if (components[i].was_sprayed || has_direct_path(number)) continue;
    for (std::size_t ours = 0; ours < locals.size(); ++ours) {
      const Base& base = locals[ours].base;
      const bool is_base = locals[ours].candidate.type == CandidateType::host;
      if (!is_base || component_of(base) != number || !sockets[base.socket].nat) continue;
      const auto target = spraying_target(number, *sockets[base.socket].nat);
      if (!target) continue;
      const bool opens = !maps_independently(*sockets[base.socket].nat);
      components[i].was_sprayed = true;
      spraying = std::make_unique<Spray>(
          Spray{.component = number,
                .opens = opens,
                .base = base,
                .priority = priority_in_check(locals[ours].candidate),
                .target = remotes[*target].address,
                .predicted =
                    !opens && nat_of(remotes[*target]) == NatKind::sequential ? predicted_ports : 0,
                .port = random.below(port_count),
                .begins = now,
                .ends = now + opened_for});
      // The peer's ports are open when it has opened them all; one that is foreseen is open now.
      if (!opens && spraying->predicted == 0)
        spraying->begins += skew + Duration(std::chrono::seconds(1)) * config.spraying.sockets /
                                       config.spraying.per_second;
      return;
    }
  }
}

/// The latest of the peer's reflexive candidates that is to be sprayed from a socket behind such a
/// NAT.
std::optional<std::size_t> Agent::Impl::spraying_target(ComponentId number, NatKind ours) const {
  for (std::size_t i = remotes.size(); i-- > 0;) {
    const auto theirs = nat_of(remotes[i]);
    const bool same = ComponentId(remotes[i].stream, remotes[i].component) == number;
    if (same && theirs && remotes[i].address.family() == Family::ipv4 &&
        maps_independently(*theirs) != maps_independently(ours))
      return i;
  }
  return std::nullopt;
}

void Agent::Impl::open_for_peer() {
  const Socket base = sockets[spraying->base.socket];
  Socket& added = add_socket(spraying->component, {base.local.ip, 0}, base.preference);
  added.sprays = true;
  commands.push_back(OpenSocket{added.id, added.local, config.ports});
}

/// The check opens our NAT, and is not to come far enough to be taken for an attack by the peer's.
void Agent::Impl::sprayed_socket_opened(Instant now, std::size_t index) {
  if (!spraying) return close_socket(sockets[index]);
  commands.push_back(
      SendDatagram{sockets[index].id, spraying->target,
                   make_check(now, local, remote->credentials, spraying->priority, 0, false).bytes,
                   config.spraying.opener_ttl});
}

void Agent::Impl::probe_port(Instant now) {
  TransportAddress to = spraying->target;
  if (spraying->sent < spraying->predicted) {
    to.port = static_cast<std::uint16_t>(to.port + 1 + spraying->sent);
  } else {
    spraying->port = (spraying->port + port_step) % port_count;
    to.port = static_cast<std::uint16_t>(first_port + spraying->port);
  }
  if (to.port != 0)
    send(spraying->base, to,
         make_check(now, local, remote->credentials, spraying->priority, 0, false).bytes);
}

/// A check has come to one of the opened sockets: it becomes a base like others.
void Agent::Impl::adopt_sprayed_socket(std::size_t index) {
  Socket& socket = sockets[index];
  socket.sprays = false;
  Candidate candidate;
  candidate.component = socket.component.component;
  candidate.stream = socket.component.stream;
  candidate.address = socket.local;
  candidate.foundation = foundation_of(candidate.type, socket.local.ip, std::nullopt);
  candidate.priority = candidate_priority(candidate.type, socket.preference, candidate.component);
  locals.push_back({std::move(candidate), {index, {}}, false});
}

void Agent::Impl::end_spraying() {
  spraying.reset();
  next_spray = never;
  for (Socket& socket : sockets)
    if (socket.sprays && socket.status != Socket::Status::closed) {
      close_socket(socket);
      socket.sprays = false;
    }
}

}  // namespace stile::ice
