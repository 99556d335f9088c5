#pragma once

#include <string>
#include <vector>

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
  std::string policy = "all";
  std::string interface;
  std::string explain;  ///< a file to write, or empty
  bool ipv4_only = false;
  bool trickle = false;
  bool loopback = false;
  bool echo = false;
};

}  // namespace stile::connect
