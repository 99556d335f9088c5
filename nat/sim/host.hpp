#pragma once

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
  void send(const TransportAddress& from, const TransportAddress& to, Bytes payload);

 private:
  void receive(ByteVector packet);
  Segment& segment_;
  std::map<TransportAddress, Receiver> sockets_;
};

}  // namespace stile::sim
