#pragma once

#include <optional>
#include <string>

#include "control/descriptor.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat_test {

/// Lines over a TCP connection, by which the two ends of a test talk:
///   hello TOKEN       inside -> agent, first
///   addresses A B     agent -> inside, its answer
///   send HEX          inside -> agent: a packet to be sent
///   packet HEX        agent -> inside: one that has arrived
///   error TEXT        agent -> inside: it ends the connection
class LineStream {
 public:
  explicit LineStream(control::Descriptor socket) : socket_(std::move(socket)) {}
  /// Throws CommandError.
  static LineStream connect(const TransportAddress& to);

  int fd() const { return socket_.get(); }
  TransportAddress local() const;
  TransportAddress remote() const;
  /// False if the connection has ended.
  bool write(const std::string& line);
  /// Takes what has arrived. False if the connection has ended.
  bool fill();
  std::optional<std::string> next();

 private:
  // Limit: a packet is 65,535 bytes at most.
  static constexpr std::size_t longest_line = 2 * 65535 + 16;

  control::Descriptor socket_;
  std::string input_;
};

std::string to_hex(Bytes bytes);
std::optional<ByteVector> from_hex(std::string_view text);

}  // namespace stile::nat_test
