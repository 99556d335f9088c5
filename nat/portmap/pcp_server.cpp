#include "nat/portmap/pcp_server.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stile::nat::portmap {

using pcp::Opcode;
using pcp::Result;

PcpServer::PcpServer(Config config, Family family, Instant now)
    : config_(std::move(config)), now_(now), family_(family), epoch_began_(now) {
  if (const auto problem = problem_with(config_)) throw std::invalid_argument(*problem);
  announcements_.begin(now);
}

std::optional<ByteVector> PcpServer::handle_datagram(Instant now, const TransportAddress& client,
                                                     Bytes datagram) {
  now_ = std::max(now_, now);
  if (datagram.size() < 2 || (datagram[1] & pcp::response_bit) != 0 || client.family() != family_) {
    ++counters_.ignored;
    return std::nullopt;
  }
  if (!rate_.admits(now_, client.ip)) {
    ++counters_.rate_limited;
    return std::nullopt;
  }
  return answer(client, datagram);
}

// Deviation: RFC 6887 §14.2: a change of the external address is not told in mapping updates of
// each client. The announcement makes clients ask again, and the mappings of before are gone.
void PcpServer::handle_state_loss(Instant now) {
  now_ = std::max(now_, now);
  epoch_began_ = now_;
  announcements_.begin(now_);
}

void PcpServer::handle_timeout(Instant now) {
  now_ = std::max(now_, now);
  if (!announcements_.take_due(now_)) return;
  ++counters_.announcements;
  announce();
}

void PcpServer::announce() {
  if (config_.pcp) outbox_.push_back(pcp::make_announcement(epoch_seconds()));
}

std::optional<ByteVector> PcpServer::poll_announcement() {
  if (outbox_.empty()) return std::nullopt;
  ByteVector message = std::move(outbox_.front());
  outbox_.pop_front();
  return message;
}

std::uint32_t PcpServer::epoch_seconds() const {
  const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now_ - epoch_began_);
  return static_cast<std::uint32_t>(passed.count());
}

/// RFC 6887 §8.2, in its order.
std::optional<ByteVector> PcpServer::answer_pcp(const TransportAddress& client, Bytes datagram) {
  if (datagram[0] != pcp::version) return error(datagram, Result::unsupp_version);
  if (datagram.size() < pcp::header_size) {
    ++counters_.ignored;
    return std::nullopt;
  }
  if (datagram.size() > pcp::largest_message || datagram.size() % 4 != 0)
    return error(datagram, Result::malformed_request);
  return answer(client.ip, pcp::RequestView(datagram));
}

ByteVector PcpServer::answer(const IpAddress& client, const pcp::RequestView& request) {
  auto outcome = process(client, request);
  if (!outcome) return error(request.message(), outcome.error());
  ++counters_.pcp_answers[0];
  return std::move(*outcome);
}

PcpServer::Outcome<ByteVector> PcpServer::process(const IpAddress& client,
                                                  const pcp::RequestView& request) {
  const bool is_map = request.opcode() == static_cast<std::uint8_t>(Opcode::map);
  const bool asks_for_peer = request.opcode() == static_cast<std::uint8_t>(Opcode::peer);
  const std::size_t payload_size = is_map ? pcp::map_size : asks_for_peer ? pcp::peer_size : 0;
  const Bytes body = request.after_header();
  if (body.size() < payload_size) return std::unexpected(Result::malformed_request);
  if (request.client() != client) return std::unexpected(Result::address_mismatch);
  if (request.opcode() > static_cast<std::uint8_t>(Opcode::peer))
    return std::unexpected(Result::unsupp_opcode);

  auto options =
      pcp::read_options(body.subspan(payload_size), static_cast<Opcode>(request.opcode()), family_);
  if (!options) return std::unexpected(options.error());
  const ByteVector further = further_options(*options);
  options->processed.insert(options->processed.end(), further.begin(), further.end());
  if (payload_size == 0) return make_success(request, 0, options->processed, 0, epoch_seconds());

  const auto inside = subject_of(client, *options);
  if (!inside) return std::unexpected(inside.error());
  const auto assigned = is_map
                            ? check_and_map(*inside, request, pcp::MapPayload::read(body), *options)
                            : check_and_peer(*inside, request, pcp::PeerPayload::read(body));
  if (!assigned) return std::unexpected(assigned.error());
  ByteVector response = make_success(request, payload_size, options->processed,
                                     assigned->lifetime_seconds, epoch_seconds());
  pcp::store_external(MutableBytes(response).subspan(pcp::header_size), assigned->external);
  return response;
}

/// RFC 6887 §11.3 and §15.1.
PcpServer::Outcome<PcpServer::Assigned> PcpServer::check_and_map(const IpAddress& inside,
                                                                 const pcp::RequestView& request,
                                                                 const pcp::MapPayload& payload,
                                                                 const pcp::Options& options) {
  if (payload.protocol == 0 && payload.internal_port != 0)
    return std::unexpected(Result::malformed_request);
  if (request.lifetime_seconds() == 0) {
    if (options.prefer_failure || options.has_filter)
      return std::unexpected(Result::malformed_option);
  } else {
    if (options.prefer_failure && payload.external.port == 0)
      return std::unexpected(Result::malformed_option);
    // All ports, or all protocols, of one host cannot be mapped while others share its address.
    if (payload.internal_port == 0 || !is_mappable(payload.protocol))
      return std::unexpected(Result::unsupp_protocol);
  }
  return map({inside, payload.internal_port}, request.lifetime_seconds(), payload, options);
}

/// RFC 6887 §12.3.
PcpServer::Outcome<PcpServer::Assigned> PcpServer::check_and_peer(const IpAddress& inside,
                                                                  const pcp::RequestView& request,
                                                                  const pcp::PeerPayload& payload) {
  if (payload.protocol == 0 || payload.internal_port == 0 || !is_peer(payload.remote, family_))
    return std::unexpected(Result::malformed_request);
  if (!is_mappable(payload.protocol)) return std::unexpected(Result::unsupp_protocol);
  return peer({inside, payload.internal_port}, request.lifetime_seconds(), payload);
}

/// RFC 6887 §13.1: whom the mapping is for.
PcpServer::Outcome<IpAddress> PcpServer::subject_of(const IpAddress& client,
                                                    const pcp::Options& options) const {
  if (!options.third_party) return client;
  const IpAddress& subject = *options.third_party;
  const bool may = std::ranges::any_of(config_.third_party_clients, [&](const IpPrefix& clients) {
    return clients.contains(client);
  });
  if (!may) return std::unexpected(Result::unsupp_option);
  if (subject == client) return std::unexpected(Result::malformed_request);
  if (subject.family() != family_ || subject.is_unspecified() || subject.is_multicast() ||
      subject.is_loopback())
    return std::unexpected(Result::malformed_option);
  return subject;
}

/// What a packet could be sent to.
bool PcpServer::is_peer(const TransportAddress& remote, Family family) {
  const bool reserved = remote.ip.is_v4() && remote.ip.v4_bits() >> 28 >= 0xe;
  return remote.ip.family() == family && !remote.ip.is_unspecified() && !remote.ip.is_loopback() &&
         !remote.ip.is_multicast() && !reserved && remote.port != 0;
}

ByteVector PcpServer::error(Bytes request, const Failure& failure) {
  ++counters_.pcp_answers[static_cast<std::size_t>(failure.result)];
  return make_error(request, failure.result, failure.lifetime_seconds, epoch_seconds());
}

Instant PcpServer::end_of_lifetime(std::uint32_t requested_seconds) const {
  const Duration requested = std::chrono::seconds(requested_seconds);
  return now_ + std::clamp(requested, config_.min_lifetime, config_.max_lifetime);
}

/// Rounded up, so that a client that renews in time does.
std::uint32_t PcpServer::seconds_until(Instant until) const {
  const auto left = std::chrono::ceil<std::chrono::seconds>(std::max(until - now_, Duration{}));
  return static_cast<std::uint32_t>(left.count());
}

}  // namespace stile::nat::portmap
