#include <catch2/catch.hpp>

#include "nat/packet/builder.hpp"
#include "nat/upnp/device.hpp"
#include "nat/upnp/discovery.hpp"
#include "nat/upnp/gateway_device.hpp"
#include "stile/base/random.hpp"

namespace stile::nat::upnp {

namespace {

using namespace std::chrono_literals;

const IpAddress host = IpAddress::v4(192, 168, 1, 10);
const IpAddress neighbour = IpAddress::v4(192, 168, 1, 11);
const IpAddress external = IpAddress::v4(203, 0, 113, 5);

Config config() {
  Config config;
  config.http = {IpAddress::v4(192, 168, 1, 1), 49000};
  config.uuid = "01020304-0506-5000-8000-7374696c6500";
  config.networks = {IpPrefix(host, 24)};
  return config;
}

nat::Config nat_config() {
  nat::Config nat;
  nat.external = {external};
  nat.inside_address = config().http.ip;
  return nat;
}

struct Mapping {
  std::string external_port = "8000";
  std::string protocol = "TCP";
  std::string internal_port = "80";
  std::string client = "192.168.1.10";
  std::string lease = "3600";
  std::string remote_host;
  std::string enabled = "1";
};

class Bench {
 public:
  explicit Bench(nat::Config nat_config = upnp::nat_config(), Config device_config = config())
      : nat(std::move(nat_config), random), device(std::move(device_config), nat, random, now) {}

  HttpResponse invoke(const std::string& action, const std::string& arguments,
                      const IpAddress& from = host, const std::string& version = "1") {
    const std::string body =
        "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">"
        "<s:Body><u:" +
        action + " xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:" + version + "\">" +
        arguments + "</u:" + action + "></s:Body></s:Envelope>";
    return device.handle_request(now, from, {"POST", connection_control_path, body});
  }
  HttpResponse add(const Mapping& mapping, const IpAddress& from = host,
                   const std::string& action = "AddPortMapping") {
    return invoke(action,
                  "<NewRemoteHost>" + mapping.remote_host + "</NewRemoteHost><NewExternalPort>" +
                      mapping.external_port + "</NewExternalPort><NewProtocol>" + mapping.protocol +
                      "</NewProtocol><NewInternalPort>" + mapping.internal_port +
                      "</NewInternalPort><NewInternalClient>" + mapping.client +
                      "</NewInternalClient><NewEnabled>" + mapping.enabled +
                      "</NewEnabled><NewPortMappingDescription>a &lt;web&gt; "
                      "server</NewPortMappingDescription><NewLeaseDuration>" +
                      mapping.lease + "</NewLeaseDuration>",
                  from, "2");
  }
  HttpResponse named(const std::string& action, const std::string& port,
                     const IpAddress& from = host) {
    return invoke(action,
                  "<NewRemoteHost/><NewExternalPort>" + port +
                      "</NewExternalPort><NewProtocol>TCP</NewProtocol>",
                  from);
  }

  SeededRandom random{1};
  Nat nat;
  Instant now{1h};
  GatewayDevice device;
};

bool says(const HttpResponse& response, const std::string& text) {
  INFO(response.body);
  return response.body.find(text) != std::string::npos;
}

bool is_fault(const HttpResponse& response, unsigned code) {
  return response.status == 500 &&
         says(response, "<errorCode>" + std::to_string(code) + "</errorCode>");
}

std::string search(const std::string& target) {
  return "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMan: \"ssdp:discover\"\r\nst: " +
         target + "\r\nMX: 2\r\n\r\n";
}

}  // namespace

TEST_CASE("upnp: searches are answered with where the description is", "[upnp]") {
  for (const std::string target :
       {"upnp:rootdevice", "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
        "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
        "urn:schemas-upnp-org:service:WANIPConnection:1",
        "uuid:01020304-0506-5000-8000-7374696c6502"}) {
    const auto answers = answers_to_search(config(), search(target));
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answers[0].find("\r\nST: " + target + "\r\n") != std::string::npos);
    CHECK(answers[0].find("\r\nLOCATION: http://192.168.1.1:49000/device.xml\r\n") !=
          std::string::npos);
    CHECK(answers[0].ends_with("\r\n\r\n"));
  }
  CHECK(answers_to_search(config(), search("ssdp:all")).size() == 9);
}

TEST_CASE("upnp: what is no search for this device is not answered", "[upnp]") {
  CHECK(answers_to_search(config(), search("urn:schemas-upnp-org:device:MediaServer:1")).empty());
  CHECK(answers_to_search(config(), search("urn:schemas-upnp-org:service:WANIPConnection:3"))
            .empty());
  CHECK(answers_to_search(config(), "M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n").empty());
  CHECK(answers_to_search(config(), "NOTIFY * HTTP/1.1\r\n\r\n").empty());
  const std::string whole = search("ssdp:all");
  for (std::size_t length = 0; length < whole.find("st: ") + 12; ++length)
    CHECK(answers_to_search(config(), whole.substr(0, length)).empty());
}

TEST_CASE("upnp: the device announces itself and takes its leave", "[upnp]") {
  const auto alive = notifications(config(), Presence::alive);
  CHECK(alive.size() == 9);
  CHECK(alive[0].find("NTS: ssdp:alive\r\n") != std::string::npos);
  CHECK(alive[0].find("LOCATION: ") != std::string::npos);
  const auto byebye = notifications(config(), Presence::byebye);
  CHECK(byebye.size() == 9);
  CHECK(byebye[0].find("NTS: ssdp:byebye\r\n") != std::string::npos);
  CHECK(byebye[0].find("LOCATION: ") == std::string::npos);
}

TEST_CASE("upnp: the documents", "[upnp]") {
  Bench bench;
  const auto get = [&](std::string_view path) {
    return bench.device.handle_request(bench.now, host, {"GET", path, {}});
  };
  CHECK(says(get("/device.xml"), "<controlURL>/control/connection</controlURL>"));
  CHECK(says(get("/connection.xml"), "<name>AddPortMapping</name>"));
  CHECK(says(get("/common.xml"), "<name>GetCommonLinkProperties</name>"));
  CHECK(get("/etc/passwd").status == 404);
  CHECK(get("/control/connection").status == 405);
  CHECK(bench.device.handle_request(bench.now, host, {"POST", "/device.xml", {}}).status == 405);
}

TEST_CASE("upnp: what the services' descriptions call evented is what events tell",
          "[upnp][events]") {
  Bench bench;
  const SubscriptionFields wanted{"<http://192.168.1.10/>", "upnp:event", {}, {}};
  for (const std::string service : {"connection", "common"}) {
    const auto request = [&](std::string_view method, const std::string& path) {
      return bench.device.handle_request(bench.now, host, {method, path, {}, wanted});
    };
    CHECK(says(request("GET", "/device.xml"), "<eventSubURL>/event/" + service + "</eventSubURL>"));
    CHECK(request("GET", "/event/" + service).status == 405);
    REQUIRE(request("SUBSCRIBE", "/event/" + service).status == 200);
    bench.device.handle_timeout(bench.now);
    const auto event = bench.device.poll_notification();
    REQUIRE(event);
    std::string description = request("GET", "/" + service + ".xml").body;
    std::size_t evented = 0;
    const std::string mark = "<stateVariable sendEvents=\"yes\"><name>";
    for (auto at = description.find(mark); at != description.npos; at = description.find(mark)) {
      description.erase(0, at + mark.size());
      const std::string name = description.substr(0, description.find('<'));
      INFO(name);
      CHECK(event->message.find("<e:property><" + name + ">") != std::string::npos);
      ++evented;
    }
    CHECK(evented == (service == "connection" ? 4 : 1));
  }
  CHECK(bench.device.handle_request(bench.now, host, {"SUBSCRIBE", "/device.xml", {}, wanted})
            .status == 405);
}

TEST_CASE("upnp: a subscriber hears of mappings and of the address", "[upnp][events]") {
  Bench bench;
  bench.device.handle_request(bench.now, host,
                              {"SUBSCRIBE",
                               connection_event_path,
                               {},
                               {"<http://192.168.1.10:5000/>", "upnp:event", {}, {}}});
  const auto heard = [&](const std::string& text) {
    bench.now += 1s;
    bench.nat.handle_timeout(bench.now);
    bench.device.handle_timeout(bench.now);
    const auto event = bench.device.poll_notification();
    if (!event) return false;
    INFO(event->message);
    bench.device.handle_answer(bench.now, event->subscription, 200);
    return event->message.find(text) != std::string::npos;
  };
  CHECK(
      heard("<PossibleConnectionTypes>IP_Routed</PossibleConnectionTypes></e:property>"
            "<e:property><ConnectionStatus>Connected</ConnectionStatus></e:property>"
            "<e:property><ExternalIPAddress>203.0.113.5</ExternalIPAddress></e:property>"
            "<e:property><PortMappingNumberOfEntries>0</PortMappingNumberOfEntries>"));
  CHECK_FALSE(heard(""));
  bench.add({.lease = "60"});
  CHECK(heard("<PortMappingNumberOfEntries>1</PortMappingNumberOfEntries>"));
  bench.now += 60s;
  CHECK(heard("<PortMappingNumberOfEntries>0</PortMappingNumberOfEntries>"));
  bench.nat.set_external(bench.now, {});
  CHECK(
      heard("<ConnectionStatus>Disconnected</ConnectionStatus></e:property>"
            "<e:property><ExternalIPAddress></ExternalIPAddress></e:property>"));
  bench.nat.set_external(bench.now, {IpAddress::v4(203, 0, 113, 6)});
  CHECK(heard("<ExternalIPAddress>203.0.113.6</ExternalIPAddress>"));
}

TEST_CASE("upnp: a port is mapped, listed and unmapped", "[upnp][rfc6970-5.7]") {
  Bench bench;
  CHECK(bench.add({}).status == 200);
  const auto mapping = bench.nat.mapping_of_external(Protocol::tcp, {external, 8000});
  REQUIRE(mapping);
  CHECK(mapping->info.inside == TransportAddress{host, 80});
  CHECK(mapping->terms.until == bench.now + 3600s);
  bench.now += 600s;
  const HttpResponse entry = bench.named("GetSpecificPortMappingEntry", "8000");
  CHECK(says(entry, "<NewInternalPort>80</NewInternalPort>"));
  CHECK(says(entry, "<NewInternalClient>192.168.1.10</NewInternalClient>"));
  CHECK(says(entry, "a &lt;web&gt; server"));
  CHECK(says(entry, "<NewLeaseDuration>3000</NewLeaseDuration>"));
  const HttpResponse first =
      bench.invoke("GetGenericPortMappingEntry", "<NewPortMappingIndex>0</NewPortMappingIndex>");
  CHECK(says(first, "<NewExternalPort>8000</NewExternalPort>"));
  CHECK(says(first, "<NewProtocol>TCP</NewProtocol>"));
  CHECK(is_fault(
      bench.invoke("GetGenericPortMappingEntry", "<NewPortMappingIndex>1</NewPortMappingIndex>"),
      713));
  CHECK(bench.named("DeletePortMapping", "8000").status == 200);
  CHECK(is_fault(bench.named("DeletePortMapping", "8000"), 714));
  CHECK(is_fault(bench.named("GetSpecificPortMappingEntry", "8000"), 714));
}

TEST_CASE("upnp: a lease of 0 is the longest one", "[upnp]") {
  Bench bench;
  bench.add({.lease = "0"});
  CHECK(says(bench.named("GetSpecificPortMappingEntry", "8000"),
             "<NewLeaseDuration>604800</NewLeaseDuration>"));
  CHECK(bench.add({.lease = "60"}).status == 200);
  CHECK(says(bench.named("GetSpecificPortMappingEntry", "8000"),
             "<NewLeaseDuration>60</NewLeaseDuration>"));
}

TEST_CASE("upnp: AddPortMapping gives the port that was asked for or none", "[upnp][rfc6970-5.7]") {
  Bench bench;
  bench.add({.client = "192.168.1.11"}, neighbour);
  CHECK(is_fault(bench.add({}), 718));
  CHECK(is_fault(bench.add({.external_port = "0"}), 716));
  CHECK(is_fault(bench.add({.external_port = "8001", .internal_port = "0"}), 732));
  CHECK(bench.nat.mapping_count() == 1);
}

TEST_CASE("upnp: AddAnyPortMapping gives another port where that is taken", "[upnp][rfc6970-5.8]") {
  Bench bench;
  bench.add({.client = "192.168.1.11"}, neighbour);
  const HttpResponse other = bench.add({}, host, "AddAnyPortMapping");
  CHECK(says(other, "<NewReservedPort>"));
  CHECK_FALSE(says(other, "<NewReservedPort>8000<"));
  CHECK(says(bench.add({.external_port = "9000", .internal_port = "81"}, host, "AddAnyPortMapping"),
             "<NewReservedPort>9000</NewReservedPort>"));
  CHECK(is_fault(bench.invoke("AddAnyPortMapping", "", host, "1"), 401));
}

TEST_CASE("upnp: a host maps for itself unless told otherwise", "[upnp]") {
  Bench bench;
  CHECK(is_fault(bench.add({}, neighbour), 606));
  bench.add({});
  CHECK(is_fault(bench.named("DeletePortMapping", "8000", neighbour), 606));

  Config open = config();
  open.own_address_only = false;
  Bench lenient(nat_config(), open);
  CHECK(lenient.add({}, neighbour).status == 200);
  CHECK(lenient.named("DeletePortMapping", "8000", neighbour).status == 200);
}

TEST_CASE("upnp: a remote host becomes a filter", "[upnp][rfc6970-5.7]") {
  Bench bench;
  CHECK(bench.add({.remote_host = "198.51.100.1"}).status == 200);
  ByteVector good = make_tcp({IpAddress::v4(198, 51, 100, 1), 7}, {external, 8000}, 2, {}, {});
  ByteVector bad = make_tcp({IpAddress::v4(198, 51, 100, 2), 7}, {external, 8000}, 2, {}, {});
  CHECK(bench.nat.handle_packet(bench.now, Side::outside, good).action == Action::send_inside);
  CHECK(bench.nat.handle_packet(bench.now, Side::outside, bad).action != Action::send_inside);
  CHECK(is_fault(bench.add({.external_port = "1", .remote_host = "example.org"}), 726));
}

TEST_CASE("upnp: what PCP or the administrator mapped is theirs", "[upnp]") {
  nat::Config nat = nat_config();
  nat.forwards = {{Protocol::tcp, std::nullopt, 8000, 1, {host, 80}}};
  Bench bench(nat);
  CHECK(is_fault(bench.add({}), 729));
  CHECK(is_fault(bench.named("DeletePortMapping", "8000"), 714));
  MapRequest request;
  request.protocol = Protocol::tcp;
  request.inside = {host, 81};
  request.suggested.port = 8001;
  request.terms.until = bench.now + 600s;
  request.terms.nonce = {1};
  REQUIRE(bench.nat.map(bench.now, request));
  CHECK(is_fault(bench.add({.external_port = "8001", .internal_port = "81"}), 729));
  CHECK(is_fault(bench.named("DeletePortMapping", "8001"), 606));
}

TEST_CASE("upnp: arguments that are wrong", "[upnp]") {
  Bench bench;
  CHECK(is_fault(bench.add({.external_port = "65536"}), 402));
  CHECK(is_fault(bench.add({.external_port = "-1"}), 402));
  CHECK(is_fault(bench.add({.external_port = "8000x"}), 402));
  CHECK(is_fault(bench.add({.protocol = "SCTP"}), 402));
  CHECK(is_fault(bench.add({.client = "nobody"}), 402));
  CHECK(is_fault(bench.add({.client = "224.0.0.1"}), 402));
  CHECK(is_fault(bench.add({.lease = ""}), 402));
  CHECK(is_fault(bench.add({.enabled = "0"}), 501));
  CHECK(is_fault(bench.invoke("AddPortMapping", ""), 402));
  CHECK(is_fault(bench.invoke("FormatDisk", ""), 401));
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("upnp: what the device says of its connection", "[upnp]") {
  Bench bench;
  bench.now += 90s;
  CHECK(says(bench.invoke("GetExternalIPAddress", ""), "<NewExternalIPAddress>203.0.113.5<"));
  CHECK(says(bench.invoke("GetStatusInfo", ""), "<NewConnectionStatus>Connected<"));
  CHECK(says(bench.invoke("GetStatusInfo", ""), "<NewUptime>90<"));
  CHECK(says(bench.invoke("GetConnectionTypeInfo", ""), "<NewConnectionType>IP_Routed<"));
  CHECK(says(bench.invoke("GetNATRSIPStatus", ""), "<NewNATEnabled>1<"));
  bench.nat.set_external(bench.now, {});
  CHECK(says(bench.invoke("GetStatusInfo", ""), "<NewConnectionStatus>Disconnected<"));
  CHECK(is_fault(bench.add({}), 501));
}

TEST_CASE("upnp: bodies that are no envelopes are refused at every length", "[upnp]") {
  Bench bench;
  const std::string whole =
      "<s:Envelope xmlns:s=\"e\"><s:Body><u:GetExternalIPAddress "
      "xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\"/></s:Body></s:Envelope>";
  const auto post = [&](std::string_view body) {
    return bench.device.handle_request(bench.now, host, {"POST", connection_control_path, body});
  };
  CHECK(post(whole).status == 200);
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK(post(std::string_view(whole).substr(0, length)).status == 400);
  CHECK(post("<s:Envelope><s:Body/></s:Envelope>").status == 400);
  CHECK(is_fault(post("<Envelope><Body><GetExternalIPAddress/></Body></Envelope>"), 401));
}

}  // namespace stile::nat::upnp
