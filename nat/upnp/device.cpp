#include "nat/upnp/device.hpp"

#include <pugixml.hpp>
#include <sstream>
#include <vector>

namespace stile::nat::upnp {

namespace {

constexpr std::string_view connection_path = "/connection.xml";
constexpr std::string_view common_path = "/common.xml";
constexpr const char* number_of_entries = "PortMappingNumberOfEntries";

using Node = pugi::xml_node;

void add(Node parent, const char* name, std::string_view text) {
  parent.append_child(name).text().set(std::string(text).c_str());
}

std::string to_text(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

Node add_device(Node parent, const Config& config, const Target& target) {
  Node device = parent.append_child("device");
  add(device, "deviceType", std::string(target.type) + std::to_string(target.version));
  add(device, "friendlyName", "stile-nat");
  add(device, "manufacturer", "Stile");
  add(device, "modelName", "stile-nat");
  add(device, "UDN", unique_name(config, target.device));
  return device;
}

struct Urls {
  std::string_view description;
  std::string_view control;
  std::string_view events;
};

void add_service(Node device, const Target& target, std::string_view id, const Urls& urls) {
  Node list = device.child("serviceList");
  if (!list) list = device.append_child("serviceList");
  Node service = list.append_child("service");
  add(service, "serviceType", std::string(target.type) + std::to_string(target.version));
  add(service, "serviceId", "urn:upnp-org:serviceId:" + std::string(id));
  add(service, "SCPDURL", urls.description);
  add(service, "controlURL", urls.control);
  add(service, "eventSubURL", urls.events);
}

void add_version(Node root) {
  Node version = root.append_child("specVersion");
  add(version, "major", "1");
  add(version, "minor", "1");
}

std::string device_description(const Config& config) {
  const auto& [gateway, wan, common, connection, ip_connection] = targets;
  pugi::xml_document document;
  Node root = document.append_child("root");
  root.append_attribute("xmlns") = "urn:schemas-upnp-org:device-1-0";
  add_version(root);
  Node gateway_node = add_device(root, config, gateway);
  Node wan_node = add_device(gateway_node.append_child("deviceList"), config, wan);
  add_service(wan_node, common, "WANCommonIFC1",
              {common_path, common_control_path, common_event_path});
  Node connection_node = add_device(wan_node.append_child("deviceList"), config, connection);
  add_service(connection_node, ip_connection, "WANIPConn1",
              {connection_path, connection_control_path, connection_event_path});
  return to_text(document);
}

/// The arguments of an action; an output's name begins with `>`. Of each the state variable is its
/// name without New.
struct Action {
  const char* name;
  std::vector<std::string_view> arguments;
};

std::string_view variable_of(std::string_view argument) {
  argument.remove_prefix(argument.front() == '>' ? 1 : 0);
  argument.remove_prefix(std::string_view("New").size());
  return argument;
}

std::string_view data_type_of(std::string_view variable) {
  if (variable.ends_with("Port") || variable.ends_with("Index") || variable.ends_with("Entries"))
    return "ui2";
  if (variable.ends_with("Duration") || variable.ends_with("Uptime") || variable.ends_with("Rate"))
    return "ui4";
  if (variable.ends_with("Enabled") || variable.ends_with("Available") || variable == "Manage")
    return "boolean";
  return "string";
}

bool is_evented(std::string_view variable) {
  return variable == "PossibleConnectionTypes" || variable == "ConnectionStatus" ||
         variable == "ExternalIPAddress" || variable == number_of_entries ||
         variable == "PhysicalLinkStatus";
}

void add_variable(Node table, const std::string& variable) {
  if (table.find_child([&](Node known) { return variable == known.child_value("name"); })) return;
  Node known = table.append_child("stateVariable");
  known.append_attribute("sendEvents") = is_evented(variable) ? "yes" : "no";
  add(known, "name", variable);
  add(known, "dataType", data_type_of(variable));
}

/// `others`: variables that are no action's arguments.
std::string service_description(const std::vector<Action>& actions,
                                const std::vector<std::string>& others = {}) {
  pugi::xml_document document;
  Node root = document.append_child("scpd");
  root.append_attribute("xmlns") = "urn:schemas-upnp-org:service-1-0";
  add_version(root);
  Node list = root.append_child("actionList");
  Node variables = root.append_child("serviceStateTable");
  for (const Action& action : actions) {
    Node node = list.append_child("action");
    add(node, "name", action.name);
    Node arguments = node.append_child("argumentList");
    for (const std::string_view text : action.arguments) {
      const std::string variable(variable_of(text));
      Node argument = arguments.append_child("argument");
      add(argument, "name", "New" + variable);
      add(argument, "direction", text.front() == '>' ? "out" : "in");
      add(argument, "relatedStateVariable", variable);
      add_variable(variables, variable);
    }
  }
  for (const std::string& variable : others) add_variable(variables, variable);
  return to_text(document);
}

std::string connection_description() {
  const std::vector<std::string_view> mapping{"NewRemoteHost",
                                              "NewExternalPort",
                                              "NewProtocol",
                                              "NewInternalPort",
                                              "NewInternalClient",
                                              "NewEnabled",
                                              "NewPortMappingDescription",
                                              "NewLeaseDuration"};
  std::vector<std::string_view> any_mapping = mapping;
  any_mapping.push_back(">NewReservedPort");
  return service_description(
      {{"GetConnectionTypeInfo", {">NewConnectionType", ">NewPossibleConnectionTypes"}},
       {"GetStatusInfo", {">NewConnectionStatus", ">NewLastConnectionError", ">NewUptime"}},
       {"GetNATRSIPStatus", {">NewRSIPAvailable", ">NewNATEnabled"}},
       {"GetExternalIPAddress", {">NewExternalIPAddress"}},
       {"AddPortMapping", mapping},
       {"AddAnyPortMapping", any_mapping},
       {"DeletePortMapping", {"NewRemoteHost", "NewExternalPort", "NewProtocol"}},
       {"GetGenericPortMappingEntry",
        {"NewPortMappingIndex", ">NewRemoteHost", ">NewExternalPort", ">NewProtocol",
         ">NewInternalPort", ">NewInternalClient", ">NewEnabled", ">NewPortMappingDescription",
         ">NewLeaseDuration"}},
       {"GetSpecificPortMappingEntry",
        {"NewRemoteHost", "NewExternalPort", "NewProtocol", ">NewInternalPort",
         ">NewInternalClient", ">NewEnabled", ">NewPortMappingDescription", ">NewLeaseDuration"}}},
      {number_of_entries});
}

std::string common_description() {
  return service_description({{"GetCommonLinkProperties",
                               {">NewWANAccessType", ">NewLayer1UpstreamMaxBitRate",
                                ">NewLayer1DownstreamMaxBitRate", ">NewPhysicalLinkStatus"}}});
}

}  // namespace

std::string unique_name(const Config& config, char device) {
  std::string name = "uuid:" + config.uuid;
  name.back() = device;
  return name;
}

std::optional<std::string> document(const Config& config, std::string_view path) {
  if (path == description_path) return device_description(config);
  if (path == connection_path) return connection_description();
  if (path == common_path) return common_description();
  return std::nullopt;
}

}  // namespace stile::nat::upnp
