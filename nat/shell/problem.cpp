#include "nat/shell/problem.hpp"

#include <cerrno>
#include <cstring>

namespace stile::nat::shell {

std::string with_errno(const std::string& what) {
  if (errno == EPERM || errno == EACCES)
    return what + " is not permitted; run as root, or with CAP_NET_ADMIN and CAP_NET_RAW";
  return what + ": " + std::strerror(errno);
}

}  // namespace stile::nat::shell
