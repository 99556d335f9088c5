#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "server/core/relay.hpp"
#include "server/shell/acceptor.hpp"
#include "server/shell/dtls_clients.hpp"
#include "server/shell/inbox.hpp"
#include "server/shell/kernel_flows.hpp"
#include "server/shell/log.hpp"
#include "server/shell/peer_connections.hpp"
#include "server/shell/poller.hpp"
#include "server/shell/receive_batch.hpp"
#include "server/shell/send_queue.hpp"
#include "server/shell/socket.hpp"
#include "server/shell/stream_clients.hpp"
#include "server/shell/wake_up_pace.hpp"
#include "server/shell/worker_report.hpp"
#include "stile/base/buffered_random.hpp"

namespace stile::server {

/// The sockets of one worker's listeners, opened before any worker runs.
struct Listeners {
  struct Listener {
    TransportAddress address;
    std::vector<Descriptor>
        udp;  ///< the kernel spreads clients over them: one that floods fills its own alone
    Descriptor tcp;
  };
  std::vector<Listener> all;
};

/// What the workers of a server share.
struct Shared {
  std::shared_ptr<const relay::Config> config;  ///< each worker is given another one as a whole
  std::shared_ptr<relay::Resources> resources;
  ClientLimits clients;                         ///< of each worker
  const Certificates* certificates = nullptr;   ///< null: no TLS
  std::vector<IpPrefix> balancers;              ///< whose connections begin with a PROXY header
  std::vector<std::shared_ptr<Inbox>> inboxes;  ///< one for each worker
  std::shared_ptr<Log> log;
  KernelRelay* kernel = nullptr;  ///< null: none
};

/// One thread with its own relay core and its own sockets; the kernel shards clients over the
/// workers by 5-tuple (SO_REUSEPORT). Nothing is shared but the configuration, and the resources
/// that allocations are made from.
class Worker {
 public:
  /// `number`: which of the workers it is.
  Worker(const Shared& shared, Listeners listeners, std::uint32_t number);
  /// Until `stop` is set and the worker woken by a signal to `wake_fd`.
  void run(int wake_fd, const std::atomic<bool>& stop);

  // For errands. worker_report.cpp
  std::vector<AllocationReport> allocations();
  ServerCounters counters() const;
  /// Counts what the kernel has relayed until now.
  bool count_kernel_flows();
  // worker_operation.cpp
  /// True, when it is done.
  bool configure(std::shared_ptr<const relay::Config> config);
  bool start_draining();
  /// Ends the allocation that has the relayed address; false if there is none.
  bool close(const TransportAddress& relayed);
  /// Ends the user's allocations; how many there were.
  std::size_t close_user(std::string_view user);
  /// The kernel's flows are out of date.
  bool renew_kernel_flows();

 private:
  struct RelaySocketSlot {
    Descriptor socket;
    TransportAddress local;
    std::uint32_t generation = 0;
    std::size_t wanted =
        1;  ///< datagrams at the next wake-up, as many as there were at the last one or more
  };

  std::size_t close_if(const std::function<bool(const relay::AllocationInfo&)>& wanted);
  void dispatch(const Poller::Event& event);
  Instant poll_timeout() const;
  void handle_timeout();

  // udp.cpp
  void read_udp_listener(std::size_t listener, std::size_t queue);
  void read_relay_socket(std::uint32_t index, std::uint32_t generation);
  void read_peer_errors(std::uint32_t index, std::uint32_t generation);
  void take_client_datagram(const FiveTuple& five_tuple, MutableBytes datagram, UnixSeconds wall,
                            std::uint8_t traffic_class);
  void carry_out(const relay::Outcome& outcome, Bytes buffer);
  void send_to_client(const relay::ToClient& answer, bool outlives_batch);
  void flush_datagrams();

  // commands.cpp
  void drain();
  void carry_out(const relay::OpenRelaySocket& command);
  void carry_out(const relay::CloseRelaySocket& command);
  void carry_out(const relay::SendToClient& command);
  void carry_out(const relay::BindFlow& command);
  void carry_out(const relay::UnbindFlow& command);
  std::unique_ptr<KernelFlows> kernel_flows();

  // worker_events.cpp
  void report(const relay::AllocationCreated& created);
  void report(const relay::AllocationEnded& ended);
  void report(const relay::AllocationMoved& moved);
  LogField user(const std::string& name) const;
  void report_refusal(const FiveTuple& to, Bytes message);

  // tcp_relay.cpp
  PeerConnections::Handler peer_handler();
  void accept_peers(relay::RelaySocketId listener);
  void carry_out(const relay::ConnectPeer& command);
  void carry_out(const relay::JoinPeer& command);
  void carry_out(const relay::ClosePeer& command);
  void move_client(const FiveTuple& five_tuple, Bytes message, std::uint32_t worker);

  // visitors.cpp
  void take_parcels();
  void take(MovedClient& client);
  void take(ForwardedMessage& forwarded);
  void take(ForwardedAnswer& forwarded);
  void take(ForwardedEnd& ended);
  void take(ClientElsewhere& client);
  void take(Errand& errand) { errand.run(*this); }
  void carry_out(const relay::ReleaseClient& command);
  void forward_message(const FiveTuple& five_tuple, Bytes message, std::uint32_t worker);
  void send_over_dtls(const FiveTuple& to, Bytes message, relay::IpFields fields);
  void end_client(const FiveTuple& five_tuple);

  // clients.cpp
  ClientHandler client_handler();
  std::optional<DtlsClients> dtls_clients();
  void take_message(const FiveTuple& five_tuple, MutableBytes message);

  Shared shared_;
  std::uint32_t number_;
  SystemRandom system_random_;
  BufferedRandom random_{system_random_};
  relay::Relay relay_;
  Listeners listeners_;
  std::unordered_map<TransportAddress, int> udp_by_address_;
  Poller poller_;
  std::vector<RelaySocketSlot> relay_sockets_;
  ClientCounters client_counters_;
  UdpCounters udp_counters_;  ///< of sockets that are closed
  StreamClients streams_;
  std::optional<DtlsClients> dtls_;
  Acceptor peer_acceptor_;
  PeerConnections peers_;
  std::unique_ptr<KernelFlows> kernel_flows_;  ///< null: none
  Inbox& inbox_;
  std::unordered_map<FiveTuple, std::uint32_t>
      visitors_;  ///< clients of this core, and the worker that hears them
  ReceiveBatch batch_;
  SendQueue sends_;
  Instant now_{};
  WakeUpPace pace_;
};

}  // namespace stile::server
