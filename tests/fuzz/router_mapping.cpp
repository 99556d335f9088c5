// A mapping by whatever the router knows, whose answers by datagram and over HTTP are anything: raw
// bytes, and what gateways say, with anything in it.

#include "stile/portmap/router_mapping.hpp"

#include <cstdint>

#include "tests/fuzz/input.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::portmap;
using fuzz::Input;
using fuzz::require;

const TransportAddress router{IpAddress::v4(192, 168, 1, 1), server_port};
const TransportAddress host{IpAddress::v4(192, 168, 1, 2), 4000};

std::string text_of(Input& input) {
  return std::string(as_text(input.bytes(input.u8())));
}

std::string description_with(const std::string& control) {
  return "<root><device><serviceList><service>"
         "<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>" +
         control + "</controlURL></service></serviceList></device></root>";
}

HttpOutcome outcome_of(Input& input) {
  switch (input.u8() % 7) {
    case 0:
      return std::unexpected("refused");
    case 1:
      return HttpAnswer{200, text_of(input)};
    case 2:
      return HttpAnswer{200, description_with("/control")};
    case 3:
      return HttpAnswer{200, description_with(text_of(input))};
    case 4:
      return HttpAnswer{200, "<a><NewExternalIPAddress>203.0.113.1</NewExternalIPAddress></a>"};
    case 5:
      return HttpAnswer{
          500, "<a><errorCode>" + std::to_string(700 + input.u8() % 40) + "</errorCode></a>"};
    default:
      return HttpAnswer{200, "<a/>"};
  }
}

void check(const HttpRequest& request) {
  require(request.server.ip == router.ip, "nobody but the router is asked");
  require(request.path.starts_with('/'), "a path begins with a slash");
  for (const std::string& text : {request.path, request.soap_action})
    for (const char c : text) require(c > 0x1f && c < 0x7f, "nothing ends a line of a header");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(Bytes(data, size));
  SeededRandom random(1);
  RouterMapping mapping({.router = router, .internal = host}, random);
  Instant now{std::chrono::seconds(100)};
  int waiting = 0;
  bool closed = false;
  mapping.request(now);
  while (!input.empty()) {
    switch (input.u8() % 6) {
      case 0:
        now += std::chrono::milliseconds(100 * input.u8());
        mapping.handle_timeout(now);
        break;
      case 1: {
        const Bytes bytes = input.bytes(input.u8());
        if (mapping.expects(router, bytes)) mapping.handle_datagram(now, router, bytes);
        break;
      }
      case 2: {
        const TransportAddress from{router.ip, 1900};
        const std::string text =
            "HTTP/1.1 200 OK\r\nLOCATION: http://192.168.1.1" + text_of(input) + "\r\n\r\n";
        if (mapping.expects(from, as_bytes(text)))
          mapping.handle_datagram(now, from, as_bytes(text));
        break;
      }
      case 3:
        if (waiting > 0) {
          --waiting;
          mapping.handle_answer(now, outcome_of(input));
        }
        break;
      case 4:
        now += std::chrono::minutes(input.u8());
        mapping.handle_timeout(now);
        break;
      default:
        if (input.u8() == 0 && !closed) {
          mapping.close();
          closed = true;
        }
        break;
    }
    while (const auto transmit = mapping.poll_transmit())
      require(transmit->to == router || transmit->to == ssdp_group, "to the router or the group");
    while (const auto request = mapping.poll_request()) {
      check(*request);
      ++waiting;
    }
    while (const auto event = mapping.poll_event())
      require(!closed, "nothing is told after close()");
    require(!closed || mapping.poll_timeout() == never, "nothing is due after close()");
  }
  return 0;
}
