#include "nat/shell/forward_text.hpp"

#include <utility>

#include "nat/shell/option_text.hpp"

namespace stile::nat::shell {

namespace {

using Halves = std::pair<std::string_view, std::string_view>;

std::optional<Halves> halves_at(std::string_view text, std::size_t at) {
  if (at == text.npos) return std::nullopt;
  return Halves{text.substr(0, at), text.substr(at + 1)};
}

std::optional<IpAddress> parse_v4(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address && address->is_v4() ? address : std::nullopt;
}

/// IPv6 in brackets, for NAT64.
std::optional<IpAddress> parse_host(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return parse_v4(text);
  const auto address = IpAddress::parse(text.substr(1, text.size() - 2));
  return address && address->is_v6() ? address : std::nullopt;
}

std::optional<Protocol> parse_protocol(std::string_view text) {
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp})
    if (text == name_of(protocol)) return protocol;
  return std::nullopt;
}

bool parse_external(std::string_view text, Forward& forward) {
  if (const auto halves = halves_at(text, text.rfind(':'))) {
    forward.external = parse_v4(halves->first);
    if (!forward.external) return false;
    text = halves->second;
  }
  const auto ports = parse_port_range(text);
  if (!ports || ports->first == 0) return false;
  forward.external_port = ports->first;
  forward.count = static_cast<std::uint16_t>(ports->second - ports->first + 1);
  return true;
}

bool parse_inside(std::string_view text, Forward& forward) {
  const auto halves = halves_at(text, text.rfind(':'));
  if (!halves) return false;
  const auto address = parse_host(halves->first);
  const auto ports = parse_port_range(halves->second);
  if (!address || !ports || ports->first == 0) return false;
  forward.inside = {*address, ports->first};
  return ports->first == ports->second || ports->second - ports->first + 1 == forward.count;
}

std::optional<Balancer::Server> parse_server(std::string_view text) {
  Balancer::Server server;
  if (const auto halves = halves_at(text, text.find('*'))) {
    const auto weight = parse_port_range(halves->second);
    if (!weight || weight->first != weight->second || weight->first > 100) return std::nullopt;
    server.weight = static_cast<std::uint8_t>(weight->first);
    text = halves->first;
  }
  Forward forward;
  if (!parse_inside(text, forward)) return std::nullopt;
  server.inside = forward.inside;
  return server;
}

}  // namespace

std::optional<Forward> parse_forward(std::string_view text) {
  const auto protocol_and_rest = halves_at(text, text.find(':'));
  if (!protocol_and_rest) return std::nullopt;
  const auto protocol = parse_protocol(protocol_and_rest->first);
  const auto ends = halves_at(protocol_and_rest->second, protocol_and_rest->second.find('='));
  if (!protocol || !ends) return std::nullopt;
  Forward forward;
  forward.protocol = *protocol;
  if (!parse_external(ends->first, forward) || !parse_inside(ends->second, forward))
    return std::nullopt;
  return forward;
}

std::optional<StaticAddress> parse_static_address(std::string_view text) {
  const auto halves = halves_at(text, text.find('='));
  if (!halves) return std::nullopt;
  const auto inside = parse_v4(halves->first);
  const auto external = parse_v4(halves->second);
  if (!inside || !external) return std::nullopt;
  return StaticAddress{*inside, *external};
}

std::optional<Balancer> parse_balancer(std::string_view text) {
  const auto protocol_and_rest = halves_at(text, text.find(':'));
  if (!protocol_and_rest) return std::nullopt;
  const auto protocol = parse_protocol(protocol_and_rest->first);
  const auto ends = halves_at(protocol_and_rest->second, protocol_and_rest->second.find('='));
  Forward port;
  if (!protocol || !ends || !parse_external(ends->first, port) || port.count != 1)
    return std::nullopt;
  Balancer balancer{*protocol, port.external, port.external_port, {}, {}};
  for (std::string_view left = ends->second; !left.empty();) {
    const auto comma = left.find(',');
    const auto server = parse_server(left.substr(0, comma));
    if (!server) return std::nullopt;
    balancer.servers.push_back(*server);
    left = comma == left.npos ? std::string_view() : left.substr(comma + 1);
  }
  return balancer.servers.empty() ? std::nullopt : std::optional(balancer);
}

}  // namespace stile::nat::shell
