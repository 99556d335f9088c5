#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "stile/base/address.hpp"
#include "stile/base/port_range.hpp"
#include "stile/base/random.hpp"

namespace stile {

/// Takes TCP connections from peers until it is closed (RFC 6544 §7.2).
class PeerListener : public std::enable_shared_from_this<PeerListener> {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Accepted = std::function<void(Tcp::socket socket, const TransportAddress& from)>;

  PeerListener(boost::asio::any_io_executor executor, Accepted accepted)
      : acceptor_(std::move(executor)), accepted_(std::move(accepted)) {}

  /// Where it listens, or why not. Port 0: any of `ports`.
  std::expected<TransportAddress, std::string> listen(const TransportAddress& local,
                                                      PortRange ports, Random& random);
  void close();
  int descriptor() { return static_cast<int>(acceptor_.native_handle()); }

 private:
  void accept();

  Tcp::acceptor acceptor_;
  Accepted accepted_;
};

}  // namespace stile
