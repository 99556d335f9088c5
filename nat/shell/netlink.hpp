#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>

#include "nat/shell/descriptor.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat::shell {

/// Netlink messages one behind the other, as `netlink(7)` lays them out: header, family header,
/// attributes.
class NetlinkMessages {
 public:
  /// Begins a message; `family_header` is the struct that the type wants, e.g. rtmsg.
  template <class FamilyHeader>
  NetlinkMessages& begin(std::uint16_t type, std::uint16_t flags,
                         const FamilyHeader& family_header) {
    static_assert(std::is_trivially_copyable_v<FamilyHeader>);
    begin_message(type, flags);
    append({reinterpret_cast<const std::uint8_t*>(&family_header), sizeof family_header});
    return *this;
  }
  NetlinkMessages& attribute(std::uint16_t type, Bytes value);
  /// A string with its terminating zero.
  NetlinkMessages& attribute(std::uint16_t type, std::string_view text);
  /// In the order of this machine, as rtnetlink has it.
  NetlinkMessages& attribute_u32_native(std::uint16_t type, std::uint32_t value);
  /// In network order, as nf_tables has it.
  NetlinkMessages& attribute_u32(std::uint16_t type, std::uint32_t value);
  /// Everything that `content` adds is nested in one attribute.
  NetlinkMessages& nested(std::uint16_t type, const std::function<void(NetlinkMessages&)>& content);

  Bytes bytes() const { return bytes_; }

 private:
  void begin_message(std::uint16_t type, std::uint16_t flags);
  void append(Bytes bytes);
  void update_length();

  ByteVector bytes_;
  std::size_t message_at_ = 0;
  std::uint32_t sequence_ = 0;
};

/// One received message: its type and what stands behind its header.
struct NetlinkMessage {
  std::uint16_t type = 0;
  Bytes body;
};

/// The value of the first attribute of `type` behind `family_header_length` bytes of `body`.
std::optional<Bytes> netlink_attribute(Bytes body, std::size_t family_header_length,
                                       std::uint16_t type);

class NetlinkSocket {
 public:
  /// `groups`: bits of legacy multicast groups such as RTMGRP_NEIGH, or 0. Throws Problem.
  NetlinkSocket(int protocol, std::uint32_t groups);

  /// Sends and takes the kernel's answer to each message. 0, or the first error as a positive
  /// errno. Messages other than acknowledgements go to `visit`.
  int transact(const NetlinkMessages& messages, std::size_t expected_acknowledgements,
               const std::function<void(const NetlinkMessage&)>& visit = {});
  /// Takes what has arrived, without waiting. False if messages were lost (ENOBUFS).
  bool receive(const std::function<void(const NetlinkMessage&)>& visit);

  int fd() const { return fd_.get(); }

 private:
  Descriptor fd_;
};

}  // namespace stile::nat::shell
