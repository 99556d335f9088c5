#include "stile/turn/uri.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::turn;

namespace {

std::string error_of(std::string_view text) {
  const auto uri = ServerUri::parse(text);
  return uri ? std::string() : uri.error();
}

}  // namespace

TEST_CASE("uri: the examples of the RFCs", "[turn][rfc7064-3.1][rfc7065-3.1][rfc5928-3]") {
  struct Example {
    const char* text;
    const char* host;
    std::uint16_t port;
    Transport transport;
    bool relays;
  };
  for (const Example& example :
       {Example{"stun:example.org", "example.org", 3478, Transport::udp, false},
        Example{"stuns:example.org", "example.org", 5349, Transport::tls, false},
        Example{"stun:example.org:8000", "example.org", 8000, Transport::udp, false},
        Example{"turn:example.org", "example.org", 3478, Transport::udp, true},
        Example{"turns:example.org", "example.org", 5349, Transport::tls, true},
        Example{"turn:example.org:8000", "example.org", 8000, Transport::udp, true},
        Example{"turn:example.org?transport=udp", "example.org", 3478, Transport::udp, true},
        Example{"turn:example.org?transport=tcp", "example.org", 3478, Transport::tcp, true},
        Example{"turns:example.org?transport=tcp", "example.org", 5349, Transport::tls, true},
        Example{"turns:example.org:443?transport=udp", "example.org", 443, Transport::dtls, true},
        Example{"TURN:192.0.2.1:9", "192.0.2.1", 9, Transport::udp, true},
        Example{"turn:[2001:db8::1]:9", "2001:db8::1", 9, Transport::udp, true},
        Example{"stun:[2001:db8::1]", "2001:db8::1", 3478, Transport::udp, false}}) {
    INFO(example.text);
    const auto uri = ServerUri::parse(example.text);
    REQUIRE(uri);
    CHECK(uri->host == example.host);
    CHECK(uri->port == example.port);
    CHECK(uri->transport() == example.transport);
    CHECK(uri->relays == example.relays);
  }
}

TEST_CASE("uri: what is wrong is said, and quoted", "[turn][rfc7064-3.1][rfc7065-3.1]") {
  CHECK(error_of("http://example.org") ==
        "'http://example.org': does not begin with stun:, stuns:, turn: or turns:");
  CHECK(error_of("turn:") ==
        "'turn:': the host is neither a name nor an address (IPv6 in brackets)");
  CHECK(error_of("turn://example.org") != "");
  CHECK(error_of("turn:user@example.org") != "");
  CHECK(error_of("turn:2001:db8::1") != "");
  CHECK(error_of("turn:[192.0.2.1]") != "");
  CHECK(error_of("turn:[2001:db8::1") != "");
  CHECK(error_of("turn:example.org:0") == "'turn:example.org:0': the port is not 1 to 65535");
  CHECK(error_of("turn:example.org:65536") != "");
  CHECK(error_of("turn:example.org:") != "");
  CHECK(error_of("stun:example.org?transport=udp") ==
        "'stun:example.org?transport=udp': a STUN URI says no transport");
  CHECK(error_of("turn:example.org?transport=sctp") != "");
  CHECK(error_of("turn:example.org?") != "");
}

TEST_CASE("uri: cut at every length it is read or refused", "[turn][rfc7065-3.1]") {
  constexpr std::string_view text = "turns:[2001:db8::1]:5349?transport=tcp";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto uri = ServerUri::parse(text.substr(0, size));
    if (uri) CHECK(uri->host == "2001:db8::1");
  }
}
