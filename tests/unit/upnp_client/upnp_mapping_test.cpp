#include "tests/unit/upnp_client/home.hpp"

using namespace stile;
using namespace stile::portmap;
using namespace stile::portmap::test;

namespace {

HttpAnswer fault(unsigned code) {
  return {500, "<s:Envelope><s:Body><s:Fault><detail><UPnPError><errorCode>" +
                   std::to_string(code) +
                   "</errorCode></UPnPError></detail></s:Fault></s:Body>"
                   "</s:Envelope>"};
}

bool asks(const HttpRequest& request, std::string_view action) {
  return request.soap_action.ends_with("#" + std::string(action) + "\"");
}

}  // namespace

TEST_CASE("upnp: a router that knows nothing else is asked when it has been silent for 250 ms",
          "[portmap][upnp]") {
  Home home;
  home.request();
  CHECK(home.searches == 0);
  home.run_until(home.now + milliseconds(249));
  CHECK(home.searches == 0);
  home.run_until(home.now + milliseconds(1));
  CHECK(home.searches == 1);
  CHECK(home.externals == std::vector{TransportAddress{external_ip, host.port}});
  CHECK(home.is_mapped());
  home.run_until(home.now + seconds(60));
  CHECK(home.reasons.empty());
  CHECK(home.searches == 1);
}

TEST_CASE("upnp: a router that answers to PCP or NAT-PMP is not asked", "[portmap][upnp]") {
  const bool pcp = GENERATE(true, false);
  Home home(true, nat::portmap::Config{.pcp = pcp});
  home.request();
  CHECK(home.externals.size() == 1);
  home.run_until(home.now + hours(3));
  CHECK(home.searches == 0);
}

TEST_CASE("upnp: it is renewed as long as it is wanted, and given back", "[portmap][upnp]") {
  Home home;
  home.request();
  home.run_until(home.now + hours(9));
  CHECK(home.is_mapped());
  CHECK(home.externals.size() == 1);
  CHECK(home.count_asked("AddPortMapping") == 9);  // of two hours each, at half of them
  home.mapping.close();
  home.drain();
  CHECK_FALSE(home.is_mapped());
  CHECK(home.mapping.poll_timeout() == never);
}

TEST_CASE("upnp: another port is tried where somebody has ours", "[portmap][upnp]") {
  Home home;
  // Another host's.
  nat::MapRequest others;
  others.protocol = nat::Protocol::udp;
  others.inside = {IpAddress::v4(192, 168, 1, 3), host.port};
  others.terms.until = home.now + hours(1);
  REQUIRE(home.nat.map(home.now, others));
  home.request();
  home.run_until(home.now + seconds(1));
  REQUIRE(home.externals.size() == 1);
  CHECK(home.externals[0].ip == external_ip);
  CHECK(home.externals[0].port != host.port);
  home.mapping.close();
  home.drain();
  CHECK_FALSE(home.is_mapped());
}

TEST_CASE("upnp: of ports that are all taken five are tried", "[portmap][upnp]") {
  Home home;
  home.answer = [&](const HttpRequest& request) -> HttpOutcome {
    return asks(request, "AddPortMapping") ? HttpOutcome(fault(718)) : home.device_answer(request);
  };
  home.request();
  home.run_until(home.now + seconds(20));
  CHECK(home.count_asked("AddPortMapping") == 5);
  CHECK(home.reasons ==
        std::vector<std::string>{"answers neither to PCP nor to NAT-PMP; UPnP error 718"});
}

TEST_CASE("upnp: a router that knows no leases is asked for none, and nothing is renewed",
          "[portmap][upnp]") {
  Home home;
  home.answer = [&](const HttpRequest& request) -> HttpOutcome {
    if (asks(request, "AddPortMapping") &&
        request.body.find("<NewLeaseDuration>0<") == std::string::npos)
      return fault(725);
    return home.device_answer(request);
  };
  home.request();
  home.run_until(home.now + hours(9));
  CHECK(home.externals.size() == 1);
  CHECK(home.count_asked("AddPortMapping") == 2);
  home.mapping.close();
  home.drain();
  CHECK(home.count_asked("DeletePortMapping") == 1);
}

TEST_CASE("upnp: what is not renewed is told to be lost when it ends", "[portmap][upnp]") {
  Home home;
  home.request();
  home.run_until(home.now + seconds(1));
  REQUIRE(home.externals.size() == 1);
  home.answer = [](const HttpRequest&) -> HttpOutcome { return std::unexpected("gone"); };
  home.run_until(home.now + seconds(7190));
  CHECK(home.reasons.empty());
  home.run_until(home.now + seconds(20));
  CHECK(home.reasons == std::vector<std::string>{"the mapping has run out, and is not renewed"});
}

TEST_CASE("upnp: the router's address has changed: told at the next renewal", "[portmap][upnp]") {
  Home home;
  home.request();
  home.run_until(home.now + seconds(1));
  const IpAddress other = IpAddress::v4(203, 0, 113, 2);
  home.answer = [&](const HttpRequest& request) {
    auto outcome = home.device_answer(request);
    if (outcome && asks(request, "GetExternalIPAddress"))
      outcome->body.replace(outcome->body.find("203.0.113.1"), 11, other.to_string());
    return outcome;
  };
  home.run_until(home.now + hours(1));
  REQUIRE(home.externals.size() == 2);
  CHECK(home.externals[1] == TransportAddress{other, host.port});
}

TEST_CASE("upnp: a gateway with two connections is asked for the one that is up",
          "[portmap][upnp]") {
  Home home;
  home.answer = [&](const HttpRequest& request) -> HttpOutcome {
    if (request.soap_action.empty())
      return HttpAnswer{200,
                        "<root><device><serviceList><service>"
                        "<serviceType>urn:schemas-upnp-org:service:WANPPPConnection:1</serviceType>"
                        "<controlURL>/down</controlURL></service><service>"
                        "<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>"
                        "<controlURL>http://192.168.1.1:5000/control/connection</controlURL>"
                        "</service></serviceList></device></root>"};
    if (request.path == "/down")
      return HttpAnswer{200, "<a><NewExternalIPAddress>0.0.0.0</NewExternalIPAddress></a>"};
    return home.device_answer(request);
  };
  home.request();
  home.run_until(home.now + seconds(1));
  CHECK(home.externals.size() == 1);
}

TEST_CASE("upnp: a silent router is searched for four times", "[portmap][upnp]") {
  Home home(false);
  home.request();
  home.run_until(home.now + seconds(60));
  CHECK(home.searches == 4);
  CHECK(home.reasons ==
        std::vector<std::string>{"answers neither to PCP nor to NAT-PMP; does not answer to UPnP"});
  CHECK(home.mapping.poll_timeout() == never);
}

TEST_CASE("upnp: nobody but the router is asked, whatever answers name", "[portmap][upnp]") {
  Home home(false);
  home.request();
  home.run_until(home.now + milliseconds(300));
  for (const char* location :
       {"http://192.168.1.77/d.xml", "http://example.test/d.xml", "http://192.168.1.1.evil/d.xml",
        "https://192.168.1.1/d.xml", "http://192.168.1.1:0/d.xml", "http://192.168.1.1:99999/",
        "http://192.168.1.1/a b", "http://u@192.168.1.1/", "", "192.168.1.1"})
    home.hear("HTTP/1.1 200 OK\r\nLOCATION: " + std::string(location) + "\r\n\r\n");
  home.hear("HTTP/1.1 404 No\r\nLOCATION: http://192.168.1.1/d.xml\r\n\r\n");
  home.hear("NOTIFY * HTTP/1.1\r\nLOCATION: http://192.168.1.1/d.xml\r\n\r\n");
  home.drain();
  CHECK(home.asked_.empty());

  // Nor where its description leads to.
  home.answer = [](const HttpRequest&) -> HttpOutcome {
    std::string services;
    for (const char* control : {"http://192.168.1.77/c", "http://example.test/c", "//c d", ""})
      services +=
          "<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>"
          "<controlURL>" +
          std::string(control) + "</controlURL></service>";
    services +=
        "<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1&quot;&#13;&#10;X: y"
        "</serviceType><controlURL>/c</controlURL></service>";
    return HttpAnswer{200, "<root>" + services + "</root>"};
  };
  home.hear("HTTP/1.1 200 OK\r\nLocation:http://192.168.1.1/d.xml\r\n\r\n");
  home.drain();
  CHECK(home.asked_.size() == 1);
  home.run_until(home.now + seconds(10));
  CHECK(home.reasons ==
        std::vector<std::string>{"answers neither to PCP nor to NAT-PMP; its description has no "
                                 "service that maps ports"});
}

TEST_CASE("upnp: answers that are none end in words", "[portmap][upnp]") {
  const std::string deep = [] {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "<a>";
    return text;
  }();
  for (const std::string& text :
       {std::string(), std::string("nonsense"), deep, std::string("<root><service/></root>"),
        std::string("\0<a>", 4)}) {
    Home home;
    home.answer = [&](const HttpRequest&) { return HttpAnswer{200, text}; };
    home.request();
    home.run_until(home.now + seconds(20));
    CHECK(home.reasons.size() == 1);
  }
  Home home;
  home.answer = [&](const HttpRequest& request) -> HttpOutcome {
    if (request.soap_action.empty()) return home.device_answer(request);
    return HttpAnswer{200, "<a><NewExternalIPAddress>fe80::1</NewExternalIPAddress></a>"};
  };
  home.request();
  home.run_until(home.now + seconds(20));
  CHECK(home.reasons == std::vector<std::string>{
                            "answers neither to PCP nor to NAT-PMP; it has no external address"});
}

TEST_CASE("upnp: closed while it asks, it takes back what may be there", "[portmap][upnp]") {
  Home home;
  home.answer = [&](const HttpRequest& request) -> HttpOutcome {
    if (asks(request, "AddPortMapping")) home.mapping.close();
    return home.device_answer(request);
  };
  home.request();
  home.run_until(home.now + seconds(1));
  CHECK(home.count_asked("DeletePortMapping") == 1);
  CHECK(home.externals.empty());
  CHECK(home.mapping.poll_timeout() == never);
}
