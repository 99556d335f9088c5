// Bytes -> what a stranger may send before anything is known of him: a PROXY header, or datagrams
// of DTLS. What must hold whatever comes: a header is read the same however it is cut; without the
// cookie there is no association, and fewer bytes leave than came; no table grows above its limit;
// nothing is left when its time is over.

#include <algorithm>

#include "server/shell/dtls_clients.hpp"
#include "server/shell/proxy_header.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/server_shell/test_certificate.hpp"

namespace {

using namespace stile;
using namespace stile::server;
using fuzz::require;

void proxy_header(Bytes stream) {
  using Status = ProxyHeader::Status;
  const ProxyHeader whole = parse_proxy_header(stream);
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const ProxyHeader part = parse_proxy_header(stream.first(size));
    if (part.status == Status::incomplete) continue;
    require(part.status == whole.status, "what follows changes nothing");
    require(part.size == whole.size && part.source == whole.source,
            "nor does it change what was read");
    require(part.size <= size, "a header ends where the stream does at the latest");
  }
  if (whole.status != Status::complete) return;
  require(parse_proxy_header(stream.first(whole.size - 1)).status == Status::incomplete,
          "a header is needed whole");
  require(!whole.source || whole.source->port != 0, "a client has a port");
}

/// The hello that a client sends when it has been given a cookie: the same with the cookie in it,
/// RFC 6347 §4.2.1.
ByteVector with_cookie(const ClientHello& hello, Bytes datagram, Bytes cookie) {
  constexpr std::size_t headers = 13 + 12;
  ByteVector out(datagram.begin(), datagram.begin() + headers);
  out.insert(out.end(), hello.parameters.begin(), hello.parameters.end());
  out.push_back(static_cast<std::uint8_t>(cookie.size()));
  out.insert(out.end(), cookie.begin(), cookie.end());
  const Bytes rest = datagram.first(hello.record_size)
                         .subspan(headers + hello.parameters.size() + 1 + hello.cookie.size());
  out.insert(out.end(), rest.begin(), rest.end());
  const auto grown = static_cast<std::uint32_t>(cookie.size() - hello.cookie.size());
  const auto grow_u24 = [&](std::size_t at) {
    const std::uint32_t value = (load_u32(&out[at]) >> 8) + grown;
    out[at] = static_cast<std::uint8_t>(value >> 16);
    store_u16(&out[at + 1], static_cast<std::uint16_t>(value));
  };
  store_u16(&out[11], static_cast<std::uint16_t>(load_u16(&out[11]) + grown));
  grow_u24(14);
  grow_u24(22);
  store_u16(&out[17], 1);
  const Bytes others = datagram.subspan(hello.record_size);
  out.insert(out.end(), others.begin(), others.end());
  return out;
}

const Certificates& certificates() {
  static const Certificates loaded = [] {
    const test::CertificateFolder folder;
    return Certificates(folder.files());
  }();
  return loaded;
}

ClientLimits small_limits() {
  ClientLimits limits;
  limits.connections = {4, 3};
  limits.handshakes = {3, 2};
  return limits;
}

/// A server, and the clients of two prefixes that the bytes speak for.
struct Server {
  FiveTuple five_tuple(std::uint8_t client) const {
    return {
        {IpAddress::v4(192, 0, client & 1, 7), static_cast<std::uint16_t>(40'000 + (client >> 1))},
        {IpAddress::v4(198, 51, 100, 1), 5349},
        Transport::udp};
  }

  void take(const FiveTuple& from, Bytes datagram) {
    ByteVector buffer(datagram_headroom + datagram.size());
    std::ranges::copy(datagram, buffer.begin() + datagram_headroom);
    answer.clear();
    sent = 0;
    clients.handle_datagram(now, from, MutableBytes(buffer).subspan(datagram_headroom));
    require(counters.dtls_sessions_now <= limits.connections.all, "associations are bounded");
  }

  void stranger(const FiveTuple& from, Bytes datagram) {
    const std::uint64_t before = counters.dtls_sessions_now;
    take(from, datagram);
    require(counters.dtls_sessions_now <= before, "without the cookie there is no association");
    require(before != 0 || sent < datagram.size() || sent == 0,
            "an answer is smaller than what drew it");
  }

  /// Who is where he says that he is.
  void honest(const FiveTuple& from, Bytes datagram) {
    stranger(from, datagram);
    const auto hello = parse_client_hello(datagram);
    if (!hello || answer.size() < 28) return;
    const ByteVector second = with_cookie(*hello, datagram, Bytes(answer).subspan(28, answer[27]));
    const auto again = parse_client_hello(second);
    require(again && std::ranges::equal(again->parameters, hello->parameters),
            "a hello with a cookie is one");
    take(from, second);
  }

  void pass(Duration time) {
    now += time;
    clients.handle_timeout(now);
    require(clients.poll_timeout() > now, "what was due is done");
  }

  ClientLimits limits = small_limits();
  ClientCounters counters;
  SeededRandom random{1};
  ByteVector answer;
  std::size_t sent = 0;
  Instant now{std::chrono::seconds(1'000'000)};
  DtlsClients clients{
      limits,
      certificates(),
      {},
      random,
      counters,
      {[](const FiveTuple&, MutableBytes) {}, [](const FiveTuple&) {},
       [](const FiveTuple&) { return false; }, [](const IpAddress&) { return true; }},
      [this](const FiveTuple&, Bytes datagram, relay::IpFields) {
        answer = copy_of(datagram);
        sent += datagram.size();
      }};
};

/// Steps: what, client, length (2 bytes), so many bytes.
void dtls(Bytes steps) {
  Server server;
  while (steps.size() >= 4) {
    const FiveTuple from = server.five_tuple(steps[1] & 7);
    const std::uint16_t number = load_u16(steps.data() + 2);
    const Bytes bytes = steps.subspan(4, std::min<std::size_t>(number, steps.size() - 4));
    switch (steps[0] % 3) {
      case 0:
        server.stranger(from, bytes);
        break;
      case 1:
        server.honest(from, bytes);
        break;
      case 2:
        server.pass(std::chrono::milliseconds(number));
        break;
    }
    steps = steps.subspan(4 + (steps[0] % 3 == 2 ? 0 : bytes.size()));
  }
  server.pass(std::chrono::hours(1));
  require(server.counters.dtls_sessions_now == 0, "nothing is left");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes rest(data + 1, size - 1);
  data[0] == 'P' ? proxy_header(rest) : dtls(rest);
  return 0;
}
