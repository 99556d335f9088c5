#include "nat/shell/mapping_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "nat/shell/event_text.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

int open_for_append(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

}  // namespace

MappingLog::MappingLog(std::string path) : path_(std::move(path)), fd_(open_for_append(path_)) {
  if (!fd_) throw Problem(with_errno("opening the log " + path_));
  lines_ = R"({"time":")" + utc_now() + R"(","event":"started"})" + "\n";
}

void MappingLog::add(std::string_view event) {
  lines_ += event;
  lines_ += '\n';
}

void MappingLog::flush() {
  std::string_view left = lines_;
  while (!left.empty()) {
    const ssize_t length = ::write(fd_.get(), left.data(), left.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(length));
  }
  lines_lost_ += static_cast<std::uint64_t>(std::ranges::count(left, '\n'));
  lines_.clear();
}

void MappingLog::reopen() {
  flush();
  if (Descriptor fresh(open_for_append(path_)); fresh) fd_ = std::move(fresh);
}

}  // namespace stile::nat::shell
