#pragma once

#include <memory>
#include <vector>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/placement.hpp"

struct bpf_object;

namespace stile::nat::shell {

/// The XDP program of xdp_filter.bpf.c at an interface: what is translated goes to a socket, all
/// else to the kernel. It goes with its process, however that ends.
class XdpFilter {
 public:
  /// Attached where the driver itself runs it. Throws Problem.
  XdpFilter(const RealmSetup& realm, const std::vector<FencedPrefix>& prefixes);
  ~XdpFilter();
  XdpFilter(const XdpFilter&) = delete;
  XdpFilter& operator=(const XdpFilter&) = delete;

  /// The socket of the interface's one receive queue. Throws Problem.
  void lead_to(int socket);
  /// In place of those before. Throws Problem.
  void leave_to_kernel(std::vector<IpAddress> addresses);

 private:
  struct Close {
    void operator()(bpf_object* object) const;
  };
  int map(const char* name) const;
  void set_up(const RealmSetup& realm, const std::vector<FencedPrefix>& prefixes);

  std::unique_ptr<bpf_object, Close> object_;
  Descriptor link_;
  std::vector<IpAddress> left_to_kernel_;
};

}  // namespace stile::nat::shell
