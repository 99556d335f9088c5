#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nat/core/config.hpp"
#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::shell {

/// `300s`, `4m`, `2h4m`, `20ms`, `500us`, `1.5s`; a bare number counts seconds. Not negative, at
/// most ten years.
std::optional<Duration> parse_duration(std::string_view text);
/// `2h4m`, `300s`, `20ms`: what parse_duration() reads back.
std::string to_text(Duration duration);

/// `1%`, `0.5%`, `1`: a probability, 0-1. The sign may be left out, the number is percent all the
/// same.
std::optional<double> parse_percent(std::string_view text);

/// `auto` is 0, else bytes: no less than Linux allows (88), no more than a packet holds.
std::optional<std::uint16_t> parse_segment_limit(std::string_view text);
/// `off` if there is none.
std::string to_text(std::optional<std::uint16_t> segment_limit);

/// `1024-65535`, or one port.
std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_port_range(std::string_view text);

/// `udp`, `udp:53`, `tcp:1-1023`, `icmp`, `any`.
std::optional<PortRule> parse_port_rule(std::string_view text);
std::string to_text(const PortRule& rule);

/// `100.64.0.0/20`, `100.64.0.1-100.64.15.254`, `100.64.0.1`.
std::optional<AddressRange> parse_address_range(std::string_view text);
std::string to_text(const AddressRange& range);

/// `192.0.2.1`, `192.0.2.1-192.0.2.9`, `192.0.2.16/28`: IPv4, at most 65,536 addresses.
std::optional<std::vector<IpAddress>> parse_addresses(std::string_view text);

}  // namespace stile::nat::shell
