// What a host of the inside can send to the UPnP gateway device: searches, the bodies of its
// actions, and where it wants events.

#include <cstdint>

#include "nat/upnp/device.hpp"
#include "nat/upnp/discovery.hpp"
#include "nat/upnp/gateway_device.hpp"
#include "stile/base/random.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::nat;
using fuzz::require;

const IpAddress host = IpAddress::v4(192, 168, 1, 10);

upnp::Config device_config() {
  upnp::Config config;
  config.http = {IpAddress::v4(192, 168, 1, 1), 49000};
  config.uuid = "01020304-0506-5000-8000-7374696c6500";
  config.networks = {IpPrefix(host, 24)};
  return config;
}

nat::Config nat_config() {
  nat::Config config;
  config.external = {IpAddress::v4(203, 0, 113, 5)};
  config.inside_address = IpAddress::v4(192, 168, 1, 1);
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text({data, size});
  for (const std::string& answer : upnp::answers_to_search(device_config(), text))
    require(answer.ends_with("\r\n\r\n"), "an answer to a search is whole");

  SeededRandom random(1);
  Nat nat(nat_config(), random);
  const Instant now{std::chrono::hours(1)};
  upnp::GatewayDevice device(device_config(), nat, random, now);
  // Twice: the second one meets what the first has made.
  for (int i = 0; i < 2; ++i)
    for (const std::string_view path : {upnp::connection_control_path, upnp::common_control_path}) {
      const auto response = device.handle_request(now, host, {"POST", path, text});
      require(response.status == 200 || response.status == 400 || response.status == 500,
              "an action is answered");
      require((response.status == 400) == response.body.empty(), "an answer has a body");
    }
  device.handle_request(now, host,
                        {"SUBSCRIBE",
                         upnp::connection_event_path,
                         {},
                         {std::string(text), "upnp:event", {}, std::string(text)}});
  device.handle_timeout(now);
  while (const auto notification = device.poll_notification())
    require(notification->to.ip == host, "a subscriber gets events for itself only");
  nat.for_each_explicit([](const RequestedMapping& mapping) {
    require(mapping.info.inside.ip == host, "a host maps to itself only");
  });
  return 0;
}
