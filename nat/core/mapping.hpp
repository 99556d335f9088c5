#pragma once

#include "nat/core/endpoint.hpp"
#include "nat/core/subscriber.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// Stands for no record where a number is expected.
inline constexpr std::uint32_t no_record = 0xffffffff;

/// A record and its number.
template <class T>
struct RecordRef {
  T* record = nullptr;
  std::uint32_t number = no_record;

  explicit operator bool() const { return record != nullptr; }
  T* operator->() const { return record; }
  T& operator*() const { return *record; }
};

/// RFC 4787 §4.1: an inside endpoint and the external endpoint it appears as.
struct Mapping {
  Instant kept_until{};  ///< past its last session, by inbound refresh; or without any session
  StoredEndpoint inside;
  StoredEndpoint external;
  StoredEndpoint remote;  ///< the part of the remote endpoint it depends on; zero where it does not
  Protocol protocol = Protocol::udp;
  bool awaits_end : 1 = false;     ///< it is in the queue of mappings
  bool is_static : 1 = false;      ///< a forward: it never ends, and no subscriber has it
  bool is_shared : 1 = false;      ///< of a server behind a balancer: others have the same port
  bool follows_first : 1 = false;  ///< a forward at whatever is the first external address
  bool was_explicit : 1 = false;
  bool has_terms : 1 = false;           ///< it is an explicit mapping
  bool reserves_companion : 1 = false;  ///< the same port of the other protocol (RFC 6886 §3.3)
  std::uint32_t subscriber = no_record;
  std::uint32_t sessions = 0;
  std::uint32_t first_session = no_record;  ///< the youngest; its links lead to the others
};
static_assert(sizeof(Mapping) == 40);
using MappingId = SlotId<Mapping>;
using MappingRef = RecordRef<Mapping>;

}  // namespace stile::nat
