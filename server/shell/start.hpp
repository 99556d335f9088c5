#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/shell/options.hpp"
#include "server/shell/worker.hpp"

namespace stile::server {

std::vector<std::shared_ptr<Inbox>> open_inboxes(unsigned workers);

/// Opens every listener for every worker, or throws StartError with the first that cannot be had.
std::vector<Listeners> open_listeners(const std::vector<TransportAddress>& addresses,
                                      unsigned workers);

/// What to do about it, if the kernel lets the listeners keep less than they ask for.
std::optional<std::string> advice_on_buffers();

/// Throws StartError with the first that allocations could not be bound to.
void require_relay_addresses(const std::vector<IpAddress>& addresses);

/// One worker's part of the connections that the server may have, and that leave descriptors for
/// relaying.
ClientLimits client_limits(const Options& options);

}  // namespace stile::server
