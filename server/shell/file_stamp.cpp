#include "server/shell/file_stamp.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace stile::server {

std::string file_stamp(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return "-";
  return fmt::format("{}:{}:{}.{}:{}", status.st_dev, status.st_ino, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec, status.st_size);
}

}  // namespace stile::server
