#include "stile/asio/endpoint.hpp"

namespace stile {

boost::asio::ip::address to_asio(const IpAddress& address) {
  if (address.is_v4()) return boost::asio::ip::address_v4(address.v4_bits());
  return boost::asio::ip::address_v6(address.v6_bytes());
}

IpAddress from_asio(const boost::asio::ip::address& address) {
  if (address.is_v4()) return IpAddress::v4(address.to_v4().to_uint());
  return IpAddress::v6(address.to_v6().to_bytes());
}

}  // namespace stile
