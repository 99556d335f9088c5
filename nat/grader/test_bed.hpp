#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "nat/core/protocol.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::grader {

/// A NAT between hosts that send and hear whole IPv4 packets: a real one, or the core on a virtual
/// clock. The hosts answer nothing by themselves.
class TestBed {
 public:
  struct Hosts {
    std::vector<IpAddress> inside;   ///< one, or two
    std::vector<IpAddress> outside;  ///< two
  };

  virtual ~TestBed() = default;
  virtual const Hosts& hosts() const = 0;
  virtual Instant now() const = 0;
  virtual void send(Side from, ByteVector packet) = 0;
  /// The next packet that has reached a host of that side, at the latest at `until`.
  virtual std::optional<ByteVector> receive(Side at, Instant until) = 0;
  virtual void wait_until(Instant until) = 0;
  /// How long a packet may be on its way.
  virtual Duration patience() const = 0;
  /// Towards the outside, where it is known to be below that of the inside; bytes.
  virtual std::optional<std::uint16_t> outside_mtu() const { return std::nullopt; }

 protected:
  TestBed() = default;
  TestBed(const TestBed&) = default;
  TestBed& operator=(const TestBed&) = default;
};

}  // namespace stile::nat::grader
