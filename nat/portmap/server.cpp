#include "nat/portmap/server.hpp"

namespace stile::nat::portmap {

Server::Server(Config config, Nat& nat, Instant now)
    : MappingServer(std::move(config), Family::ipv4, now), nat_(nat) {}

std::optional<ByteVector> Server::answer(const TransportAddress& client, Bytes datagram) {
  const bool is_nat_pmp = datagram[0] == 0;
  if (config_.nat_pmp && (is_nat_pmp || !config_.pcp)) return handle_nat_pmp(client, datagram);
  return answer_pcp(client, datagram);
}

void Server::announce() {
  PcpServer::announce();
  if (config_.nat_pmp && !nat_.config().external.empty())
    outbox_.push_back(external_address(nat_.config().inside_address));
}

}  // namespace stile::nat::portmap
