#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stile::nat::upnp {

/// UPnP error codes: those of the UPnP Device Architecture §3.2, and of WANIPConnection:2 §2.
enum class ErrorCode : unsigned {
  invalid_action = 401,
  invalid_args = 402,
  action_failed = 501,
  not_authorized = 606,
  array_index_invalid = 713,
  no_such_entry = 714,
  wildcard_in_external_port = 716,
  conflict_in_mapping_entry = 718,
  remote_host_only_wildcard = 726,
  no_port_maps_available = 728,
  conflict_with_other_mechanisms = 729,
  read_only = 731,
  wildcard_in_internal_port = 732
};
std::string_view description_of(ErrorCode code);

/// An action that a control point invokes.
class Invocation {
 public:
  /// Of the body of a POST; nothing if it is no SOAP envelope with one action.
  static std::optional<Invocation> parse(std::string_view body);

  const std::string& action() const { return action_; }
  /// The URN of the service that the action is one of, with its version.
  const std::string& service() const { return service_; }
  std::expected<std::string, ErrorCode> text(std::string_view argument) const;
  /// 0-65535.
  std::expected<std::uint16_t, ErrorCode> port(std::string_view argument) const;
  std::expected<std::uint32_t, ErrorCode> number(std::string_view argument) const;

 private:
  std::string action_;
  std::string service_;
  std::vector<std::pair<std::string, std::string>> arguments_;
};

using Results = std::vector<std::pair<std::string, std::string>>;
std::string describe_results(const Invocation& invocation, const Results& results);
std::string describe_fault(ErrorCode code);

}  // namespace stile::nat::upnp
