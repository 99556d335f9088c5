#include <algorithm>

#include "nat/portmap/server.hpp"

namespace stile::nat::portmap {

using pcp::Opcode;
using pcp::Result;

/// RFC 6887 §8.2, in its order.
std::optional<ByteVector> Server::handle_pcp(const TransportAddress& client, Bytes datagram) {
  if (datagram[0] != pcp::version) return error(datagram, Result::unsupp_version);
  if (datagram.size() < pcp::header_size) {
    ++counters_.ignored;
    return std::nullopt;
  }
  if (datagram.size() > pcp::largest_message || datagram.size() % 4 != 0)
    return error(datagram, Result::malformed_request);
  return answer(client.ip, pcp::RequestView(datagram));
}

ByteVector Server::answer(const IpAddress& client, const pcp::RequestView& request) {
  auto outcome = process(client, request);
  if (!outcome) return error(request.message(), outcome.error());
  ++counters_.pcp_answers[0];
  return std::move(*outcome);
}

Server::Outcome<ByteVector> Server::process(const IpAddress& client,
                                            const pcp::RequestView& request) {
  const bool is_map = request.opcode() == static_cast<std::uint8_t>(Opcode::map);
  const bool is_peer = request.opcode() == static_cast<std::uint8_t>(Opcode::peer);
  const std::size_t payload_size = is_map ? pcp::map_size : is_peer ? pcp::peer_size : 0;
  const Bytes body = request.after_header();
  if (body.size() < payload_size) return std::unexpected(Result::malformed_request);
  if (request.client() != client) return std::unexpected(Result::address_mismatch);
  if (request.opcode() > static_cast<std::uint8_t>(Opcode::peer))
    return std::unexpected(Result::unsupp_opcode);

  const auto options =
      pcp::read_options(body.subspan(payload_size), static_cast<Opcode>(request.opcode()));
  if (!options) return std::unexpected(options.error());
  if (payload_size == 0) return make_success(request, 0, {}, 0, epoch_seconds());

  const auto inside = subject_of(client, *options);
  if (!inside) return std::unexpected(inside.error());
  const auto assigned = is_map ? map(*inside, request, pcp::MapPayload::read(body), *options)
                               : peer(*inside, request, pcp::PeerPayload::read(body));
  if (!assigned) return std::unexpected(assigned.error());
  ByteVector response = make_success(request, payload_size, options->processed,
                                     assigned->lifetime_seconds, epoch_seconds());
  pcp::store_external(MutableBytes(response).subspan(pcp::header_size), assigned->external);
  return response;
}

/// RFC 6887 §13.1: whom the mapping is for.
Server::Outcome<IpAddress> Server::subject_of(const IpAddress& client,
                                              const pcp::Options& options) const {
  if (!options.third_party) return client;
  const IpAddress& subject = *options.third_party;
  const bool may = std::ranges::any_of(config_.third_party_clients, [&](const IpPrefix& clients) {
    return clients.contains(client);
  });
  if (!may) return std::unexpected(Result::unsupp_option);
  if (subject == client) return std::unexpected(Result::malformed_request);
  if (!subject.is_v4() || subject.is_unspecified() || subject.is_multicast() ||
      subject.is_loopback())
    return std::unexpected(Result::malformed_option);
  return subject;
}

ByteVector Server::error(Bytes request, const Failure& failure) {
  ++counters_.pcp_answers[static_cast<std::size_t>(failure.result)];
  return make_error(request, failure.result, failure.lifetime_seconds, epoch_seconds());
}

}  // namespace stile::nat::portmap
