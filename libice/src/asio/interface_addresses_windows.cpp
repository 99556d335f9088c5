// clang-format off: the order matters
#include <winsock2.h>
#include <ws2ipdef.h>
#include <iphlpapi.h>
// clang-format on

#include <optional>

#include "asio/interface_addresses.hpp"

namespace stile {

namespace {

constexpr unsigned long first_size = 16 * 1024;
constexpr int tries = 4;  ///< Limit: while it grows under us

std::optional<IpAddress> address_of(const SOCKADDR* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&v4->sin_addr), 4});
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  return IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&v6->sin6_addr), 16});
}

/// Names of interfaces are for people there; what is not ASCII in them becomes '?'.
std::string text_of(const wchar_t* wide) {
  std::string text;
  for (; *wide; ++wide) text += *wide < 0x80 ? static_cast<char>(*wide) : '?';
  return text;
}

}  // namespace

std::vector<InterfaceAddress> interface_addresses() {
  std::vector<InterfaceAddress> all;
  std::vector<std::uint8_t> room;
  unsigned long size = first_size;
  unsigned long result = ERROR_BUFFER_OVERFLOW;
  for (int i = 0; i < tries && result == ERROR_BUFFER_OVERFLOW; ++i) {
    room.resize(size);
    result =
        GetAdaptersAddresses(AF_UNSPEC, GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST, nullptr,
                             reinterpret_cast<IP_ADAPTER_ADDRESSES*>(room.data()), &size);
  }
  if (result != NO_ERROR) return all;
  for (const auto* each = reinterpret_cast<const IP_ADAPTER_ADDRESSES*>(room.data()); each;
       each = each->Next)
    for (const auto* entry = each->FirstUnicastAddress; entry; entry = entry->Next)
      if (const auto address = address_of(entry->Address.lpSockaddr))
        all.push_back({text_of(each->FriendlyName), *address, each->OperStatus == IfOperStatusUp});
  return all;
}

}  // namespace stile
