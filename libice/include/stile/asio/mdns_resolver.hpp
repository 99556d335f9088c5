#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stile/base/address.hpp"

namespace stile {

/// Finds the addresses of names under .local by asking the neighbours (RFC 6762), on every
/// interface that has one of the local addresses. It needs no daemon of the system. Everything
/// happens on the executor, which must run one handler at a time.
class MdnsResolver {
 public:
  using Handler = std::function<void(std::vector<IpAddress>)>;

  MdnsResolver(boost::asio::any_io_executor executor, std::vector<IpAddress> local_addresses);
  ~MdnsResolver();
  MdnsResolver(const MdnsResolver&) = delete;
  MdnsResolver& operator=(const MdnsResolver&) = delete;

  /// Asked thrice within two seconds; no addresses after three. The handler is not called once the
  /// resolver is gone.
  void resolve(const std::string& name, Handler handler);

 private:
  struct Question;
  std::shared_ptr<std::vector<std::shared_ptr<Question>>> questions_;
  boost::asio::any_io_executor executor_;
  std::vector<IpAddress> local_addresses_;
};

}  // namespace stile
