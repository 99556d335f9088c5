#pragma once

#include <optional>

#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/sim/segment.hpp"

namespace stile::sim {

/// An end system on one segment: UDP sockets by transport address.
class Host {
 public:
  using Receiver = std::function<void(const TransportAddress& from, MutableBytes payload)>;

  Host(Segment& segment, const IpAddress& address) : segment_(segment) { add_address(address); }
  void add_address(const IpAddress& address);
  void bind(const TransportAddress& local, Receiver receiver) {
    sockets_[local] = std::move(receiver);
  }
  void unbind(const TransportAddress& local) { sockets_.erase(local); }
  bool is_bound(const TransportAddress& local) const { return sockets_.contains(local); }
  /// Whoever takes TCP segments; they are sent by send_packet().
  using SegmentReceiver = std::function<void(
      const TransportAddress& from, const TransportAddress& to, const nat::TcpView& segment)>;
  void take_tcp(SegmentReceiver receiver) { tcp_ = std::move(receiver); }
  void send_packet(Bytes packet) { segment_.send(packet); }
  void send(const TransportAddress& from, const TransportAddress& to, Bytes payload,
            std::optional<std::uint8_t> ttl = {});

 private:
  void receive(ByteVector packet);
  void receive_tcp(const nat::Ipv4View& ip);
  Segment& segment_;
  std::map<TransportAddress, Receiver> sockets_;
  SegmentReceiver tcp_;
};

}  // namespace stile::sim
