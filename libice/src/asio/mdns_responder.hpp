#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "stile/base/address.hpp"

namespace stile {

/// Answers for names of this host under .local (RFC 6762 §6) on the link that has the name's
/// address, IPv4's. Names are random, so that nobody is asked first whether he has one (§8.1). It
/// needs no daemon of the system, and shares the port with one.
class MdnsResponder {
 public:
  explicit MdnsResponder(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}
  ~MdnsResponder();
  MdnsResponder(const MdnsResponder&) = delete;
  MdnsResponder& operator=(const MdnsResponder&) = delete;

  void answer_for(const std::string& name, const IpAddress& address);
  /// Told of each descriptor, if it is set.
  std::function<void(int)> on_descriptor;

 private:
  struct Link;
  boost::asio::any_io_executor executor_;
  std::map<IpAddress, std::shared_ptr<Link>> links_;
};

}  // namespace stile
