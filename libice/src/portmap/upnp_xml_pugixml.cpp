#include <pugixml.hpp>

#include "portmap/ssdp.hpp"
#include "portmap/upnp_xml.hpp"
#include "portmap/words.hpp"

namespace stile::portmap {

namespace {

using Node = pugi::xml_node;

/// An element's name without its namespace's prefix.
std::string_view local_name(Node node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

/// The next node in the order of the document; none behind the last. (pugixml's own walks and
/// searches by recursion are as deep as the document is.)
Node next_node(Node node) {
  if (const Node child = node.first_child()) return child;
  while (node && !node.next_sibling()) node = node.parent();
  return node.next_sibling();
}

bool maps_ports(std::string_view type) {
  return type.starts_with("urn:schemas-upnp-org:service:WANIPConnection:") ||
         type.starts_with("urn:schemas-upnp-org:service:WANPPPConnection:");
}

std::string_view child_text(Node node, const char* name) {
  return node.child(name).text().get();
}

/// What may stand between quotes in a header and in XML.
bool is_plain(std::string_view type) {
  constexpr std::size_t longest = 128;
  return type.size() <= longest && std::ranges::all_of(type, [](unsigned char c) {
           return std::isalnum(c) || c == ':' || c == '-' || c == '.';
         });
}

std::optional<UpnpService> service_at(Node node, const TransportAddress& from) {
  const std::string_view type = child_text(node, "serviceType");
  const std::string_view control = child_text(node, "controlURL");
  if (!maps_ports(type) || !is_plain(type) || control.empty()) return std::nullopt;
  if (const auto uri = HttpUri::parse(control)) {
    if (uri->server.ip != from.ip) return std::nullopt;
    return UpnpService{std::string(type), uri->path, uri->server.port};
  }
  std::string path(control.starts_with('/') ? "" : "/");
  path += control;
  if (!is_path(path) || path.find("://") != path.npos) return std::nullopt;
  return UpnpService{std::string(type), path, from.port};
}

}  // namespace

bool can_read_xml() {
  return true;
}

std::vector<UpnpService> services_in(std::string_view description, const TransportAddress& from) {
  constexpr std::size_t most = 8;
  std::vector<UpnpService> services;
  pugi::xml_document document;
  if (!document.load_buffer(description.data(), description.size())) return services;
  TransportAddress base = from;
  if (const auto uri = HttpUri::parse(child_text(document.child("root"), "URLBase"));
      uri && uri->server.ip == from.ip)
    base = uri->server;
  for (Node node = document.first_child(); node && services.size() < most; node = next_node(node))
    if (local_name(node) == "service")
      if (auto service = service_at(node, base)) services.push_back(std::move(*service));
  return services;
}

std::optional<std::string> element_text(std::string_view text, std::string_view name) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) return std::nullopt;
  for (Node node = document.first_child(); node; node = next_node(node))
    if (local_name(node) == name) return node.text().get();
  return std::nullopt;
}

}  // namespace stile::portmap
