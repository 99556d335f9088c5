#pragma once

#include <string>

#include "stile/asio/proxy.hpp"
#include "stile/base/bytes.hpp"

namespace stile {

/// What is said with a proxy until it lets everything through to the target. No sockets.
class ProxyTunnel {
 public:
  ProxyTunnel(Proxy proxy, const TransportAddress& target);

  /// What is to be sent first.
  ByteVector begin() const;

  enum class Status : std::uint8_t { goes_on, open, refused };
  /// What came, in pieces as they came; `answer` is to be sent. Once it is open or refused it is
  /// over.
  Status take(Bytes bytes, ByteVector& answer);
  /// Why it was refused, in one line.
  const std::string& reason() const { return reason_; }

 private:
  enum class Step : std::uint8_t { http_answer, method, authentication, reply };

  Status take_http();
  Status take_method(ByteVector& answer);
  Status take_authentication(ByteVector& answer);
  Status take_reply();
  Status refuse(std::string reason);
  ByteVector connect_request() const;
  ByteVector socks_request() const;

  Proxy proxy_;
  TransportAddress target_;
  Step step_;
  ByteVector input_;
  std::string reason_;
};

}  // namespace stile
