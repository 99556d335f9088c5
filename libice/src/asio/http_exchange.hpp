#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>

#include "stile/base/address.hpp"
#include "stile/portmap/upnp.hpp"

namespace stile {

/// Asks a router over a connection of its own, from `local`. `answered` is called once, later. The
/// exchange keeps itself alive until then, at most for five seconds.
void ask_over_http(boost::asio::any_io_executor executor, const IpAddress& local,
                   const portmap::HttpRequest& request,
                   const std::function<void(int)>& watch_descriptor,
                   std::function<void(const portmap::HttpOutcome&)> answered);

}  // namespace stile
