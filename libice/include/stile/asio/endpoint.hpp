#pragma once

#include <boost/asio/ip/udp.hpp>

#include "stile/base/address.hpp"

namespace stile {

boost::asio::ip::address to_asio(const IpAddress& address);
IpAddress from_asio(const boost::asio::ip::address& address);

inline boost::asio::ip::udp::endpoint to_asio(const TransportAddress& address) {
  return {to_asio(address.ip), address.port};
}
inline TransportAddress from_asio(const boost::asio::ip::udp::endpoint& endpoint) {
  return {from_asio(endpoint.address()), endpoint.port()};
}

}  // namespace stile
