#include "client/commands/nat_test/port_guard.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "client/commands/run.hpp"

namespace stile::nat_test {

namespace {

constexpr const char* ports = "{ 500, 1023, 1024, 5060, 20000-29999, 40000 }";

bool is_there(const std::string& table) {
  return std::system(("nft list table ip " + table + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

PortGuard::PortGuard(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> texts;
  for (const IpAddress& address : addresses) texts.push_back(address.to_string());
  const std::string table = fmt::format("stile-nat-test-{}", ::getpid());
  // The table is its owner's: the kernel removes it when that nft ends, as it does when the pipe is
  // closed.
  nft_.reset(popen("exec nft -i >/dev/null 2>&1", "we"));
  if (!nft_) throw CommandError("cannot start nft");
  fmt::print(nft_.get(),
             "add table ip {} {{ flags owner; chain prerouting {{ type filter hook prerouting "
             "priority -500; "
             "ip daddr {{ {} }} meta l4proto {{ tcp, udp }} th dport {} drop; }}; }}\n",
             table, fmt::join(texts, ", "), ports);
  std::fflush(nft_.get());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!is_there(table)) {
    if (std::chrono::steady_clock::now() > deadline)
      throw CommandError(
          "nft cannot keep the kernel from answering; install nftables, and run as root");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace stile::nat_test
