#pragma once

#include <cstdint>
#include <optional>

#include "nat/core/nat.hpp"
#include "nat/shell/descriptor.hpp"

namespace stile::nat::shell {

/// NAT events as IPFIX (RFC 7011 §3) in the templates of RFC 8158 §4.6. Pure: bytes come out.
class IpfixEncoder {
 public:
  /// The limits that quota events speak of are those of `config`.
  explicit IpfixEncoder(const Config& config) : config_(config) {}

  /// A message with the template and the record of an event; nothing for those that RFC 8158 has no
  /// record for. Each message brings its template, so that a collector that was started later
  /// understands it (RFC 7011 §8.4 over UDP).
  std::optional<ByteVector> message_for(const Event& event, std::uint64_t unix_milliseconds);

 private:
  const Config config_;
  std::uint32_t sequence_ = 0;  ///< RFC 7011 §3.1: data records sent before
};

/// `--ipfix ADDR:PORT`: to a collector, over UDP. What cannot be sent at once is lost and counted.
class IpfixExporter {
 public:
  /// Throws Problem.
  IpfixExporter(const TransportAddress& collector, const Config& config);

  void add(const Event& event);
  std::uint64_t messages_lost() const { return messages_lost_; }

 private:
  IpfixEncoder encoder_;
  Descriptor fd_;
  std::uint64_t messages_lost_ = 0;
};

}  // namespace stile::nat::shell
