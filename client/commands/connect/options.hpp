#pragma once

#include <string>
#include <vector>

#include "stile/asio/local_addresses.hpp"

namespace stile::connect {

/// What `stile connect` was asked for.
struct Options {
  bool stdio = false;
  std::string role = "controlling";
  std::vector<std::string> stun;
  std::vector<std::string> turn;
  std::string username;
  std::string password;
  std::string ca_file;
  std::string proxy;  ///< a URI, or empty
  std::string policy = "all";
  std::string interface;
  std::string ports;         ///< a range, or empty
  std::string explain;       ///< a file to write, or empty
  double detection = 0;      ///< seconds; 0: as the library has it
  double restart_after = 0;  ///< seconds; 0: never
  bool lite = false;
  bool ipv4_only = false;
  bool default_route = false;
  bool no_udp = false;
  bool trickle = false;
  bool ice_tcp = false;
  bool mdns = false;
  bool port_mapping = false;
  bool hard_nats = false;
  bool loopback = false;
  bool echo = false;

  InterfaceFilter interfaces() const {
    return {.only = interface, .loopback = loopback, .default_route = default_route};
  }
};

}  // namespace stile::connect
