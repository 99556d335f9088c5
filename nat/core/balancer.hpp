#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nat/core/endpoint.hpp"
#include "nat/core/protocol.hpp"
#include "stile/base/address.hpp"

namespace stile::nat {

/// A port of an external address that leads to one of several inside servers (destination NAT with
/// load sharing, RFC 2391 without its bookkeeping).
struct Balancer {
  enum class Sticky : std::uint8_t {
    address,  ///< a client stays with a server, whatever its port
    flow      ///< each of its flows may go to another one
  };
  struct Server {
    TransportAddress inside;
    std::uint8_t weight = 1;  ///< 1-100; 0 is refused
  };
  Protocol protocol = Protocol::tcp;
  std::optional<IpAddress> external;  ///< none: the first external address, whatever it is
  std::uint16_t external_port = 0;
  Sticky sticky = Sticky::address;
  std::vector<Server> servers;
};
/// `tcp:80=10.0.0.2:8080,10.0.0.3:8080*2`
std::string to_string(const Balancer& balancer);

struct Config;
/// What of a configuration's balancers contradicts the rest, in one line.
std::optional<std::string> problem_with_balancers(const Config& config);

/// Which of a balancer's servers a client goes to. Rendezvous hashing: nothing is remembered, and
/// when a server fails or comes back only its own clients move.
class ServerChoice {
 public:
  ServerChoice(const Balancer& balancer, std::uint64_t seed);

  /// Nothing if none is well.
  std::optional<Endpoint> server_for(Endpoint client) const;
  /// False if it is none of these, or was so already.
  bool set_well(Endpoint server, bool is_well);
  const std::vector<Balancer::Server>& servers() const { return balancer_.servers; }

 private:
  std::uint64_t score(Endpoint client, std::size_t server) const;

  Balancer balancer_;
  std::uint64_t seed_;
  std::vector<bool> well_;
};

}  // namespace stile::nat
