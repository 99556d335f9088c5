#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/turn/server_search.hpp"
#include "stile/turn/uri.hpp"

namespace stile {

/// A command cannot do what it was asked: one line that says what and what to do. The program ends
/// with status 1.
struct CommandError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `HOST`, `HOST:PORT`, `[V6]:PORT` or `V6`, also with `stun:` in front (RFC 7064). Throws
/// CommandError if it is none of these.
turn::ServerUri stun_uri(const std::string& text);
/// Where that one is, in the order to try: RFC 8489 §8.1. Throws CommandError if nowhere.
std::vector<TransportAddress> resolve_server(const std::string& text);
/// Likewise of a TURN server: RFC 5928.
std::vector<turn::ServerPlace> find_places(const turn::ServerUri& uri);

/// The addresses of a host by name or address, IPv4 first. Throws CommandError if it has none.
std::vector<TransportAddress> resolve_host(boost::asio::any_io_executor executor,
                                           const std::string& host, std::uint16_t port);
/// A turn: or turns: URI (RFC 7065). Throws CommandError if it is none.
turn::ServerUri turn_uri(const std::string& text);

/// What to say of a server that is silent, or out of reach.
CommandError does_not_answer(const TransportAddress& server, const char* transport);
CommandError no_route(const TransportAddress& server, const std::string& reason);

}  // namespace stile
