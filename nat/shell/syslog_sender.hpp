#pragma once

#include <string>
#include <string_view>

#include "nat/shell/descriptor.hpp"
#include "stile/base/address.hpp"

namespace stile::nat::shell {

/// `--syslog ADDR:PORT`: each event as a syslog message (RFC 5424 §6) in a UDP datagram (RFC 5426).
/// What cannot be sent at once is lost and counted.
class SyslogSender {
 public:
  /// Throws Problem.
  explicit SyslogSender(const TransportAddress& collector);

  void add(std::string_view event, std::string_view time);
  std::uint64_t messages_lost() const { return messages_lost_; }

 private:
  Descriptor fd_;
  std::string after_time_;  ///< of the header: host, program, process, no message id, no data
  std::uint64_t messages_lost_ = 0;
};

}  // namespace stile::nat::shell
