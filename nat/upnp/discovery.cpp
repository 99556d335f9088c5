#include "nat/upnp/discovery.hpp"

#include <algorithm>
#include <optional>

#include "nat/upnp/device.hpp"
#include "nat/upnp/ignore_case.hpp"

namespace stile::nat::upnp {

namespace {

constexpr std::string_view root_device = "upnp:rootdevice";

/// A search target, or notification type, with the unique service name that goes with it.
struct Offer {
  std::string type;
  std::string name;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<std::string_view> header(std::string_view message, std::string_view name) {
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    const auto colon = line.find(':');
    if (colon != line.npos && equal_ignoring_case(trimmed(line.substr(0, colon)), name))
      return trimmed(line.substr(colon + 1));
  }
  return std::nullopt;
}

std::string location(const Config& config) {
  return "http://" + config.http.to_string() + std::string(description_path);
}

Offer offer_of(const Config& config, const Target& target, unsigned version) {
  const std::string type = std::string(target.type) + std::to_string(version);
  return {type, unique_name(config, target.device) + "::" + type};
}

std::vector<Offer> all_offers(const Config& config) {
  const std::string root = unique_name(config, '0');
  std::vector<Offer> offers{{std::string(root_device), root + "::" + std::string(root_device)}};
  for (const char device : {'0', '1', '2'}) {
    const std::string name = unique_name(config, device);
    offers.push_back({name, name});
  }
  for (const Target& target : targets) offers.push_back(offer_of(config, target, target.version));
  return offers;
}

/// UDA 1.1 §1.3.2: an earlier version of a type is answered as it was searched for.
std::vector<Offer> offers_for(const Config& config, std::string_view wanted) {
  std::vector<Offer> offers = all_offers(config);
  if (wanted == "ssdp:all") return offers;
  for (const Target& target : targets)
    for (unsigned version = 1; version < target.version; ++version)
      offers.push_back(offer_of(config, target, version));
  std::erase_if(offers, [&](const Offer& offer) { return offer.type != wanted; });
  return offers;
}

std::string cache_control() {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(announcement_lifetime);
  return "CACHE-CONTROL: max-age=" + std::to_string(seconds.count()) + "\r\n";
}

std::string identity() {
  return "SERVER: " + std::string(server_name) + "\r\n" +
         "BOOTID.UPNP.ORG: 1\r\nCONFIGID.UPNP.ORG: 1\r\n";
}

}  // namespace

std::vector<std::string> answers_to_search(const Config& config, std::string_view datagram) {
  std::vector<std::string> answers;
  if (!datagram.starts_with("M-SEARCH * HTTP/1.1")) return answers;
  if (header(datagram, "MAN") != "\"ssdp:discover\"") return answers;
  for (const Offer& offer : offers_for(config, header(datagram, "ST").value_or("")))
    answers.push_back("HTTP/1.1 200 OK\r\n" + cache_control() +
                      "EXT:\r\nLOCATION: " + location(config) + "\r\n" + identity() +
                      "ST: " + offer.type + "\r\nUSN: " + offer.name + "\r\n\r\n");
  return answers;
}

std::vector<std::string> notifications(const Config& config, Presence presence) {
  const bool alive = presence == Presence::alive;
  std::vector<std::string> messages;
  for (const Offer& offer : all_offers(config))
    messages.push_back(
        "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n" +
        (alive ? cache_control() + "LOCATION: " + location(config) + "\r\n" : std::string()) +
        identity() + "NT: " + offer.type + "\r\nNTS: ssdp:" + (alive ? "alive" : "byebye") +
        "\r\nUSN: " + offer.name + "\r\n\r\n");
  return messages;
}

}  // namespace stile::nat::upnp
