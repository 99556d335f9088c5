// For builds without clang or libbpf.
#include "nat/shell/problem.hpp"
#include "nat/shell/xdp_support.hpp"

namespace stile::nat::shell {

std::unique_ptr<Link> make_xdp_link(const RealmSetup&, const Placement&) {
  throw Problem("--packets xdp: this build is without it, because clang or libbpf was missing");
}

}  // namespace stile::nat::shell
