#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stile {

/// RFC 7065 §3.1: turn:HOST[:PORT][?transport=udp|tcp], turns:...
struct TurnUri {
  bool secure = false;
  std::string host_and_port;
  std::string transport = "udp";
  static std::optional<TurnUri> parse(std::string_view text);
};

}  // namespace stile
