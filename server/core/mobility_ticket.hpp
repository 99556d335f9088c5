#pragma once

#include <array>
#include <optional>

#include "stile/base/slot_map.hpp"
#include "stile/stun/credentials.hpp"

namespace stile::relay {

struct Allocation;

/// Drawn at random for each ticket: tells those of one allocation apart.
using TicketNumber = std::array<std::uint8_t, 6>;

/// What a MOBILITY-TICKET says (RFC 8016 §3.1.2): where the allocation is to be found.
struct MobilityTicket {
  TicketNumber number{};
  std::uint16_t core = 0;
  SlotId<Allocation> allocation;
  friend bool operator==(const MobilityTicket&, const MobilityTicket&) = default;
};

/// Makes tickets of it that nobody else can read or make, and reads them. The cores of one server
/// have the same key and read one another's.
///
///     AES-256(number, 6 bytes | core, 2 | index, 4 | generation, 4) | HMAC-SHA-256-128 of it
///
/// A single block of AES has no need of an initialization vector, as no two are alike.
///
/// Interop: coturn's client has room for 32 bytes.
class TicketOffice {
 public:
  using Key = stun::Sha256Digest;
  explicit TicketOffice(const Key& key);

  using Sealed = std::array<std::uint8_t, 32>;
  Sealed seal(const MobilityTicket& ticket) const;
  std::optional<MobilityTicket> open(Bytes sealed) const;

 private:
  Key encryption_;
  Key authentication_;
};

}  // namespace stile::relay
