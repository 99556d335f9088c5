#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "stile/base/instant.hpp"
#include "stile/turn/dns.hpp"

namespace stile {

/// Asks the system's name servers, and its file of hosts for addresses.
class DnsClient {
 public:
  using Handler = std::function<void(dns::Answer)>;

  explicit DnsClient(boost::asio::any_io_executor executor);
  ~DnsClient();
  DnsClient(const DnsClient&) = delete;
  DnsClient& operator=(const DnsClient&) = delete;

  /// The handler is called from the executor, within a few seconds, and not once the client is
  /// gone.
  void ask(const dns::Question& question, Handler handler);
  /// When the executor is to be run at the latest.
  Instant deadline() const;
  /// Told of each descriptor that is opened from now on.
  void watch_descriptors(std::function<void(int)> watch);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace stile
