#pragma once

#include <string>
#include <vector>

#include "nat/shell/attachment.hpp"
#include "nat/shell/descriptor.hpp"
#include "nat/shell/placement.hpp"

namespace stile::nat::shell {

/// One TUN device: the kernel routes to it what is to be translated, and routes on what comes out.
/// Which side a packet is from shows by its family, or by its source.
class TunAttachment : public Attachment {
 public:
  /// Makes the device, unless there is a persistent one of the name, with routes to it. They go
  /// with this process. Throws Problem.
  explicit TunAttachment(const Placement& placement);

  void start(EventLoop& loop, Handlers handlers) override;
  void send(Instant now, Side to, MutableBytes packet) override;
  void flush() override {}
  void follow(const Placement&) override {}
  RealmCounters counters(Side side) const override { return counters_[index(side)]; }
  std::string_view kind(Side) const override { return "tun"; }

 private:
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  void receive();
  bool is_of_ours(Bytes packet) const;
  Side side_of(Bytes packet) const;

  std::string name_;
  Family inside_family_;
  Family outside_family_;
  std::vector<IpPrefix> inside_networks_;
  Descriptor fd_;
  RealmCounters counters_[2];
  Handlers handlers_;
  ByteVector buffer_;
};

}  // namespace stile::nat::shell
