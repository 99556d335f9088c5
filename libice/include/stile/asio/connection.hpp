#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "stile/asio/proxy.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"

namespace boost::asio::ssl {
class context;
}

namespace stile {

/// Whom to believe that a server over TLS or DTLS is the one that it says.
struct TlsTrust {
  std::string ca_file;  ///< certificates in PEM; empty: the system's
};

/// A connection to a STUN or TURN server over TCP, TLS or DTLS that carries whole messages (RFC
/// 8489 §6.2.2, RFC 7350, RFC 8656 §12.5). Everything happens on the executor, which must run one
/// handler at a time. After close(), and after on_closed, no callback follows.
class Connection {
 public:
  struct Callbacks {
    /// Our end of it, or why there is none, in one line.
    std::function<void(std::expected<TransportAddress, std::string>)> on_connected;
    /// Good until the callback returns.
    std::function<void(MutableBytes)> on_message;
    std::function<void(const std::string& reason)> on_closed;
  };
  virtual ~Connection() = default;
  /// Once. A callback follows, but not before it has returned.
  virtual void connect() = 0;
  /// ChannelData is padded where it must be. Limit: while more than a megabyte waits, further
  /// messages are dropped, as a full queue of the network would.
  virtual void send(Bytes message) = 0;
  /// Over TCP and TLS: behind the message that came last there are others than STUN's; each has its
  /// length in front (RFC 4571), those that are sent, too.
  virtual void carry_frames() {}
  /// What was sent before is written first.
  virtual void close() = 0;
  /// When it wants to be woken; `never` once it is connected.
  virtual Instant deadline() const = 0;
  /// Told of its descriptor, if it is set.
  std::function<void(int)> on_descriptor;
};

/// Makes connections. TLS 1.2 or DTLS 1.2 and later, certificates verified.
class Connector {
 public:
  /// With a proxy all connections over TCP and TLS go through it; DTLS cannot.
  explicit Connector(TlsTrust trust = {}, std::optional<Proxy> proxy = {})
      : trust_(std::move(trust)), proxy_(std::move(proxy)) {}

  /// Reads the certificates, for TLS or DTLS. Throws boost::system::system_error if it cannot.
  void prepare(Transport transport);
  /// `host` is the name that the certificate must have; empty: the address. TLS and DTLS must have
  /// been prepared. `local`, over TCP: the port of a listener, which it leaves from beside it, and
  /// past the proxy.
  std::shared_ptr<Connection> make(boost::asio::any_io_executor executor,
                                   const TransportAddress& server, Transport transport,
                                   const std::string& host, Connection::Callbacks callbacks,
                                   const std::optional<TransportAddress>& local = {}) const;

 private:
  TlsTrust trust_;
  std::optional<Proxy> proxy_;
  std::map<Transport, std::shared_ptr<boost::asio::ssl::context>> contexts_;
};

}  // namespace stile
