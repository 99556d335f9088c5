#include "nat/upnp/soap.hpp"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
#include <sstream>

namespace stile::nat::upnp {

namespace {

using Node = pugi::xml_node;

/// An element's name without its namespace's prefix.
std::string_view local_name(Node node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

Node child_named(Node parent, std::string_view name) {
  return parent.find_child([&](Node node) { return local_name(node) == name; });
}

Node only_element_of(Node parent) {
  return parent.find_child([](Node node) { return node.type() == pugi::node_element; });
}

/// The attribute that says which service the action's prefix stands for.
std::string namespace_of(Node node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  const std::string attribute =
      colon == name.npos ? "xmlns" : "xmlns:" + std::string(name.substr(0, colon));
  for (Node at = node; at; at = at.parent())
    if (const pugi::xml_attribute found = at.attribute(attribute.c_str())) return found.value();
  return {};
}

template <class Number>
std::expected<Number, ErrorCode> to_number(const std::string& text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || parsed != end) return std::unexpected(ErrorCode::invalid_args);
  return number;
}

Node add_body(pugi::xml_document& document) {
  Node envelope = document.append_child("s:Envelope");
  envelope.append_attribute("xmlns:s") = "http://schemas.xmlsoap.org/soap/envelope/";
  envelope.append_attribute("s:encodingStyle") = "http://schemas.xmlsoap.org/soap/encoding/";
  return envelope.append_child("s:Body");
}

void add(Node parent, const std::string& name, const std::string& text) {
  parent.append_child(name.c_str()).text().set(text.c_str());
}

std::string to_text(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

}  // namespace

std::optional<Invocation> Invocation::parse(std::string_view body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return std::nullopt;
  const Node action = only_element_of(child_named(child_named(document, "Envelope"), "Body"));
  if (!action) return std::nullopt;
  Invocation invocation;
  invocation.action_ = local_name(action);
  invocation.service_ = namespace_of(action);
  for (const Node argument : action.children())
    if (argument.type() == pugi::node_element)
      invocation.arguments_.emplace_back(local_name(argument), argument.text().get());
  return invocation;
}

std::expected<std::string, ErrorCode> Invocation::text(std::string_view argument) const {
  const auto found = std::ranges::find(
      arguments_, argument, [](const auto& pair) { return std::string_view(pair.first); });
  if (found == arguments_.end()) return std::unexpected(ErrorCode::invalid_args);
  return found->second;
}

std::expected<std::uint16_t, ErrorCode> Invocation::port(std::string_view argument) const {
  const auto found = text(argument);
  if (!found) return std::unexpected(found.error());
  return to_number<std::uint16_t>(*found);
}

std::expected<std::uint32_t, ErrorCode> Invocation::number(std::string_view argument) const {
  const auto found = text(argument);
  if (!found) return std::unexpected(found.error());
  return to_number<std::uint32_t>(*found);
}

std::string describe_results(const Invocation& invocation, const Results& results) {
  pugi::xml_document document;
  Node response =
      add_body(document).append_child(("u:" + invocation.action() + "Response").c_str());
  response.append_attribute("xmlns:u") = invocation.service().c_str();
  for (const auto& [name, text] : results) add(response, name, text);
  return to_text(document);
}

std::string describe_fault(ErrorCode code) {
  pugi::xml_document document;
  Node fault = add_body(document).append_child("s:Fault");
  add(fault, "faultcode", "s:Client");
  add(fault, "faultstring", "UPnPError");
  Node error = fault.append_child("detail").append_child("UPnPError");
  error.append_attribute("xmlns") = "urn:schemas-upnp-org:control-1-0";
  add(error, "errorCode", std::to_string(static_cast<unsigned>(code)));
  add(error, "errorDescription", std::string(description_of(code)));
  return to_text(document);
}

std::string_view description_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_action:
      return "Invalid Action";
    case ErrorCode::invalid_args:
      return "Invalid Args";
    case ErrorCode::action_failed:
      return "Action Failed";
    case ErrorCode::not_authorized:
      return "Action not authorized";
    case ErrorCode::array_index_invalid:
      return "SpecifiedArrayIndexInvalid";
    case ErrorCode::no_such_entry:
      return "NoSuchEntryInArray";
    case ErrorCode::wildcard_in_external_port:
      return "WildCardNotPermittedInExtPort";
    case ErrorCode::conflict_in_mapping_entry:
      return "ConflictInMappingEntry";
    case ErrorCode::remote_host_only_wildcard:
      return "RemoteHostOnlySupportsWildcard";
    case ErrorCode::no_port_maps_available:
      return "NoPortMapsAvailable";
    case ErrorCode::conflict_with_other_mechanisms:
      return "ConflictWithOtherMechanisms";
    case ErrorCode::read_only:
      return "ReadOnly";
    case ErrorCode::wildcard_in_internal_port:
      return "WildCardNotPermittedInIntPort";
  }
  return "Action Failed";
}

}  // namespace stile::nat::upnp
