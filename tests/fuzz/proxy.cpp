// Bytes -> what a proxy answers, in pieces: HTTP's CONNECT and SOCKS 5, with and without a
// password. However it is cut the outcome is the same; little is kept of what has no end; a refusal
// is one line that can be printed.

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "asio/proxy_tunnel.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using Status = ProxyTunnel::Status;

const TransportAddress target{IpAddress::v4(203, 0, 113, 1), 3478};

Proxy configure(std::uint8_t choice) {
  Proxy proxy;
  proxy.kind = choice & 1 ? Proxy::Kind::socks5 : Proxy::Kind::http;
  proxy.address = {IpAddress::v4(192, 0, 2, 1), 1080};
  if (choice & 2) proxy.username = "alice", proxy.password = "secret";
  return proxy;
}

/// The status, and why.
std::pair<Status, std::string> play(const Proxy& proxy, Bytes said, std::size_t piece) {
  ProxyTunnel tunnel(proxy, target);
  fuzz::require(!tunnel.begin().empty(), "we speak first");
  Status status = Status::goes_on;
  while (status == Status::goes_on && !said.empty()) {
    const Bytes next = said.first(std::min(piece, said.size()));
    said = said.subspan(next.size());
    ByteVector answer;
    status = tunnel.take(next, answer);
    fuzz::require(answer.size() <= 600, "an answer is short");
  }
  return {status, tunnel.reason()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input({data, size});
  const Proxy proxy = configure(input.u8());
  const Bytes said = input.bytes(size);
  const auto [status, reason] = play(proxy, said, 1);
  const bool printable = std::ranges::none_of(
      reason, [](char c) { return std::iscntrl(static_cast<unsigned char>(c)); });
  fuzz::require(printable, "a reason is one line that can be printed");
  fuzz::require((status == Status::refused) == !reason.empty(), "a refusal has a reason");
  if (proxy.kind == Proxy::Kind::socks5 || said.size() > 8192)
    return 0;  // says more, or not at once
  const auto at_once = play(proxy, said, size + 1);
  fuzz::require(status == Status::open || at_once.first == status, "pieces change nothing");
  return 0;
}
