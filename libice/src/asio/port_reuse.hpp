#pragma once

#include <boost/asio/socket_base.hpp>
#include <boost/system/error_code.hpp>

namespace stile {

/// A simultaneous open (RFC 6544) leaves from the port that is listened at. Where the system has no
/// SO_REUSEPORT it fails, and the other candidates are left.
template <class Socket>
void reuse_port(Socket& socket, boost::system::error_code& error) {
#ifdef SO_REUSEPORT
  socket.set_option(
      boost::asio::detail::socket_option::boolean<BOOST_ASIO_OS_DEF(SOL_SOCKET), SO_REUSEPORT>(
          true),
      error);
#else
  socket.set_option(boost::asio::socket_base::reuse_address(true), error);
#endif
}

}  // namespace stile
