#pragma once

#include "server/shell/stream_clients.hpp"
#include "tests/unit/server_shell/test_certificate.hpp"
#include "tests/unit/server_shell/tls_peer.hpp"

namespace stile::server::test {

/// A client's socket, connected over the loopback.
class Caller {
 public:
  explicit Caller(const TransportAddress& server);

  /// As much as the socket takes at once.
  std::size_t say(Bytes bytes) const;
  std::size_t say(std::string_view text) const { return say(as_bytes(text)); }
  /// All that has come; `ended` is set when nothing more will.
  std::string hear();
  bool ended = false;

  TransportAddress local() const;
  int fd() const { return socket_.fd(); }

 private:
  Descriptor socket_;
};

/// Clients over TCP and TLS of a server whose core is the test, on a clock of its own.
class StreamServer {
 public:
  explicit StreamServer(const ClientLimits& with = {}, std::vector<IpPrefix> balancers = {});

  /// Until nothing happens any more.
  void run();
  void pass(Duration time);
  /// A TLS handshake, as far as it goes.
  void connect(Caller& caller, TlsPeer& peer);
  void exchange(Caller& caller, TlsPeer& peer);

  CertificateFolder folder;
  Certificates certificates{folder.files()};
  ClientLimits limits;
  ClientCounters counters;
  std::vector<std::pair<FiveTuple, std::string>> messages;
  std::vector<FiveTuple> closed;
  std::function<void(const FiveTuple&)> on_message = [](const FiveTuple&) {};
  bool has_allocation = false;
  IpAddress denied;
  Instant now{};
  Descriptor listener;
  TransportAddress address;
  Poller poller;
  StreamClients clients;

 private:
  ClientHandler handler();
};

/// A Binding request of 20 bytes.
inline const std::string binding("\x00\x01\x00\x00\x21\x12\xa4\x42 transaction", 20);
std::string channel_data(std::string_view data);

}  // namespace stile::server::test
