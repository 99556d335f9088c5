#pragma once

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "server/shell/log.hpp"
#include "server/shell/socket.hpp"

namespace stile::server::test {

/// A log, and what it has written.
struct WrittenLog {
  explicit WrittenLog(const Log::Settings& settings) : log(settings, ends[1].fd()) {}
  static std::array<Descriptor, 2> open_pipe() {
    std::array<int, 2> both{};
    REQUIRE(pipe(both.data()) == 0);
    return {Descriptor(both[0]), Descriptor(both[1])};
  }
  /// All of them; nothing is written afterwards.
  std::vector<std::string> lines() {
    ends[1] = Descriptor();
    std::string text(1 << 16, 0);
    text.resize(static_cast<std::size_t>(read(ends[0].fd(), text.data(), text.size())));
    std::vector<std::string> all;
    for (std::size_t end = 0; !text.empty(); text.erase(0, end + 1))
      all.push_back(text.substr(0, end = text.find('\n')));
    return all;
  }
  std::array<Descriptor, 2> ends = open_pipe();
  Log log;
};

}  // namespace stile::server::test
